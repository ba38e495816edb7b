import type { Template } from '@huggingface/jinja';

type Program = Template['parsed'];

/** A part of a parsed template. */
interface Node {
  type: string;
  [key: string]: unknown;
}

/** Methods of texts, and filters, that become functions. */
const METHODS = ['strip', 'lstrip', 'rstrip', 'title', 'capitalize'];
const FILTERS = ['trim', 'tojson', 'title', 'capitalize'];

/**
 * Changes a parsed template where the library's runtime differs from Python's jinja2: what is
 * written, what a loop sets, `not`, `+`, `~`, `==`, and some methods and filters. All become calls of
 * PYTHON_FUNCTIONS.
 */
export function asInPython(program: Program): Program {
  return changed(program) as Program;
}

/** Keys of nodes that hold statements; an expression among them is written. */
const BLOCKS = ['body', 'alternate', 'defaultBlock'];

const STATEMENTS = new Set([
  'Set',
  'If',
  'For',
  'Macro',
  'CallStatement',
  'FilterStatement',
  'Comment',
  'Break',
  'Continue',
  'StringLiteral',
]);

function changed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(changed);
  if (value instanceof Map) {
    return new Map([...value].map(([key, item]) => [changed(key), changed(item)]));
  }
  if (!isNode(value)) return value;
  for (const [key, part] of Object.entries(value)) {
    const parts = changed(part);
    value[key] = BLOCKS.includes(key) && Array.isArray(parts) ? parts.map(written) : parts;
  }
  return changedNode(value);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function written(node: unknown): unknown {
  return isNode(node) && !STATEMENTS.has(node.type) ? call('{{}}', [node]) : node;
}

function changedNode(node: Node): Node {
  switch (node.type) {
    case 'UnaryExpression':
      return changedNot(node);
    case 'BinaryExpression':
      return changedBinary(node);
    case 'FilterExpression':
      return changedFilter(node);
    case 'CallExpression':
      return changedMethod(node);
    case 'For':
      return changedLoop(node);
    default:
      return node;
  }
}

/** The library takes an empty list for true here, and not in a condition. */
function changedNot(node: Node): Node {
  if (operatorOf(node) !== 'not') return node;
  const [trueExpr, falseExpr] = [identifier('false'), identifier('true')];
  return { type: 'Ternary', condition: node.argument, trueExpr, falseExpr };
}

function changedBinary(node: Node): Node {
  const operator = operatorOf(node);
  return ['+', '~', '==', '!='].includes(operator) ? call(operator, [node.left, node.right]) : node;
}

function operatorOf({ operator }: Node): string {
  return (operator as { value: string }).value;
}

function changedFilter(node: Node): Node {
  const filter = node.filter as Node;
  const name = String((filter.type === 'Identifier' ? filter : (filter.callee as Node)).value);
  if (!FILTERS.includes(name)) return node;
  return call(`|${name}`, [node.operand, ...((filter.args ?? []) as unknown[])]);
}

function changedMethod(node: Node): Node {
  const callee = node.callee as Node;
  if (callee.type !== 'MemberExpression' || callee.computed === true) return node;
  const name = String((callee.property as Node).value);
  if (!METHODS.includes(name)) return node;
  return call(`.${name}`, [callee.object, ...(node.args as unknown[])]);
}

/** Each turn of a loop begins without what the turn before has set. */
function changedLoop(node: Node): Node {
  const { type, value } = node.loopvar as Node;
  const names = type === 'Identifier' ? [node.loopvar] : (value as unknown[]);
  const kept = (names as Node[]).map((one) => ({ type: 'StringLiteral', value: one.value }));
  return { ...node, body: [call('for', kept), ...(node.body as unknown[])] };
}

/** A call of a function whose name no template can write. */
function call(name: string, args: unknown[]): Node {
  return { type: 'CallExpression', callee: identifier(name), args };
}

function identifier(value: string): Node {
  return { type: 'Identifier', value };
}
