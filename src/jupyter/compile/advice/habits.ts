import * as typescript from '@tslab/typescript-for-tslab';

/** A habit from Python, or from plain numbers, that does not compile; and what to write instead. */
interface Habit {
  isBehind: (diagnostic: typescript.Diagnostic, checker: typescript.TypeChecker) => boolean;
  advice: string;
}

/** TypeScript's numbers: an operand, left or right, is no number; an operator does not fit. */
const ARITHMETIC = [2362, 2363, 2365];
const TENSOR = /\b(?:Tensor\w*|Variable|Scalar)\b/;

const HABITS: Habit[] = [
  {
    isBehind: (one, checker) =>
      ARITHMETIC.includes(one.code) && TENSOR.test(markedTypes(one, checker)),
    advice: 'Tensors have no operators: a.add(b), a.sub(b), a.mul(b), a.div(b), tf.matMul(a, b).',
  },
  {
    isBehind: (one) => /^Property 'T' does not exist/.test(textOf(one)) && TENSOR.test(textOf(one)),
    advice: 'Tensors have no T: a.transpose(), or tf.matMul(a, b, false, true) for a times bᵀ.',
  },
  {
    isBehind: (one) =>
      /is not callable/.test(textOf(one)) && /\b(?:size|shape)$/.test(markedText(one)),
    advice: 'Tensors have sizes in a list: a.shape[0] is that of the first axis.',
  },
  {
    isBehind: (one) => isSyntax(one) && / @ /.test(lineOf(one)),
    advice: 'Tensors have no operator @: a product of matrices is tf.matMul(a, b).',
  },
  {
    isBehind: (one) => isSyntax(one) && [lineOf(one), lineOf(one, -1)].some(isCutByComment),
    advice: 'Two slashes begin a comment: a whole quotient is Math.floor(a / b).',
  },
];

/** Adds to the first diagnostic that comes from a habit what to write instead. */
export function adviseOnHabits(
  diagnostics: readonly typescript.Diagnostic[],
  checker: typescript.TypeChecker,
): typescript.Diagnostic[] {
  const advised = new Map<typescript.Diagnostic, string>();
  for (const { isBehind, advice } of HABITS) {
    const first = diagnostics.find((one) => !advised.has(one) && isBehind(one, checker));
    if (first) advised.set(first, advice);
  }
  return diagnostics.map((one) => {
    const advice = advised.get(one);
    return advice ? { ...one, messageText: `${textOf(one)}\n${advice}` } : one;
  });
}

/** TypeScript numbers errors of the grammar from 1000 to 1999. */
function isSyntax({ code }: typescript.Diagnostic): boolean {
  return code < 2000;
}

/** Whether a bracket opens before a `//` that does not look like a remark. */
function isCutByComment(line: string): boolean {
  const [, before] = /^(.*[\w)\]])\s*\/\/\s*[\w(]/.exec(line) ?? [];
  const count = (brackets: RegExp) => before?.match(brackets)?.length ?? 0;
  return count(/[([]/g) > count(/[)\]]/g);
}

function textOf({ messageText }: typescript.Diagnostic): string {
  return typescript.flattenDiagnosticMessageText(messageText, '\n');
}

function markedText({ file, start = 0, length = 0 }: typescript.Diagnostic): string {
  return file?.text.slice(start, start + length) ?? '';
}

/** The line that a diagnostic is in, or one beside it. */
function lineOf({ file, start = 0 }: typescript.Diagnostic, offset = 0): string {
  const line = file ? file.getLineAndCharacterOfPosition(start).line : 0;
  return file?.text.split('\n')[line + offset] ?? '';
}

/** Names the types that a diagnostic is about: its text does, or it marks one operand. */
function markedTypes(diagnostic: typescript.Diagnostic, checker: typescript.TypeChecker): string {
  const { file, start = 0, length = 0 } = diagnostic;
  const find = (node: typescript.Node): typescript.Node | undefined =>
    node.getStart(file) === start && node.end === start + length
      ? node
      : typescript.forEachChild(node, find);
  const operand = file && find(file);
  const type = operand && checker.typeToString(checker.getTypeAtLocation(operand));
  return `${textOf(diagnostic)} ${type}`;
}
