import * as typescript from '@tslab/typescript-for-tslab';

/**
 * Finds elements that are read from a promise, such as `read(w)[0]`, or from a tensor: always
 * undefined. To the compiler they are of type `any`, since cells are not compiled with
 * `noImplicitAny`.
 */
export function findLostElements(
  file: typescript.SourceFile,
  checker: typescript.TypeChecker,
): typescript.Diagnostic[] {
  return nodesOf(file)
    .filter(typescript.isElementAccessExpression)
    .filter(({ expression, argumentExpression }) => {
      const index = checker.getTypeAtLocation(argumentExpression);
      const types = partsOf(checker.getTypeAtLocation(expression));
      const isLost = types.some(isPromise) || types.every(isTensor);
      return index.flags & typescript.TypeFlags.NumberLike && isLost;
    })
    .map(({ expression, argumentExpression }) => {
      const type = checker.getTypeAtLocation(expression);
      const [value, index] = [shortened(expression), shortened(argumentExpression)];
      const advice = partsOf(type).every(isTensor)
        ? `A tensor has no [${index}]: write \`${value}.slice(${index}, 1)\` or \`${value}.gather(${index})\` for a tensor, \`(await ${value}.array())[${index}]\` for numbers.`
        : `Write \`(await ${value})[${index}]\`.`;
      const start = argumentExpression.getStart(file);
      return {
        file,
        start,
        length: argumentExpression.end - start,
        category: typescript.DiagnosticCategory.Error,
        code: 0,
        messageText: `Element ${index} does not exist on type '${checker.typeToString(type)}'. ${advice}`,
      };
    });
}

/** A place in a cell, and what is probably amiss there. */
export interface Warning {
  /** offset in the compiled file */
  start: number;
  text: string;
}

/**
 * Finds statements that are only a call whose promise nothing waits for, where an `await` is
 * allowed, and asynchronous generators that are awaited, or only called, instead of iterated.
 * Silent are `void f()`, `f().catch(...)`, `Promise.resolve(x)`, and functions that are called where
 * they are written.
 */
export function findIdleCalls(
  file: typescript.SourceFile,
  checker: typescript.TypeChecker,
): Warning[] {
  const warnings = (node: typescript.Node): Warning[] => {
    const idle = idleExpression(node);
    if (!idle) return [];
    const text = warningOf(idle, checker, typescript.isAwaitExpression(node));
    return text === undefined ? [] : [{ start: node.getStart(file), text }];
  };
  return nodesOf(file).flatMap(warnings);
}

/** The operand of an `await`, or the call that is a statement and could have one. */
function idleExpression(node: typescript.Node): typescript.Expression | undefined {
  if (typescript.isAwaitExpression(node)) return bare(node.expression);
  if (!typescript.isExpressionStatement(node)) return undefined;
  const call = bare(node.expression);
  if (!typescript.isCallExpression(call) || !mayAwait(node)) return undefined;
  const callee = bare(call.expression);
  return typescript.isFunctionLike(callee) || isHandled(callee) ? undefined : call;
}

function warningOf(
  idle: typescript.Expression,
  checker: typescript.TypeChecker,
  isAwaited: boolean,
): string | undefined {
  const type = checker.getTypeAtLocation(idle);
  const [name, written] = typescript.isCallExpression(idle)
    ? [nameOf(idle.expression), `${nameOf(idle.expression)}(${idle.arguments.length ? '...' : ''})`]
    : [nameOf(idle), nameOf(idle)];
  if (isGenerator(type)) {
    const verb = isAwaited ? 'awaiting it does nothing' : 'nothing iterates it';
    return `${name} gives steps to iterate, and ${verb}. Write \`for await (const step of ${written}) { ... }\`.`;
  }
  if (isAwaited || !partsOf(type).every(isPromise)) return undefined;
  return `${name} returns a Promise, and nothing waits for it. Write \`await ${written}\`, or \`void ${written}\` if nothing is to wait.`;
}

/** Whether an `await` is allowed: at the top level, and in asynchronous functions. */
function mayAwait(node: typescript.Node): boolean {
  const scope = typescript.findAncestor(
    node,
    (one) => typescript.isFunctionLike(one) || typescript.isClassStaticBlockDeclaration(one),
  );
  if (!scope) return true;
  const modifiers = typescript.canHaveModifiers(scope) ? typescript.getModifiers(scope) : undefined;
  return modifiers?.some(({ kind }) => kind === typescript.SyntaxKind.AsyncKeyword) ?? false;
}

/** Methods of a promise that handle what becomes of it. */
const CONTINUATIONS = new Set(['then', 'catch', 'finally']);
/** Functions whose promise has nothing to wait for. */
const SETTLED = new Set(['Promise.resolve', 'Promise.reject']);

function isHandled(callee: typescript.Expression): boolean {
  if (SETTLED.has(callee.getText())) return true;
  return typescript.isPropertyAccessExpression(callee) && CONTINUATIONS.has(callee.name.text);
}

function isPromise({ symbol }: typescript.Type): boolean {
  // The compiler's types say that each type has a symbol; `number` has none.
  const { name } = (symbol as typescript.Symbol | undefined) ?? {};
  return name === 'Promise' || name === 'PromiseLike';
}

/** A tensor of tfjs, also a variable, told from other classes of such a name by what it can do. */
function isTensor(type: typescript.Type): boolean {
  return ['dataSync', 'arraySync'].every((name) => type.getProperty(name));
}

function isGenerator({ symbol }: typescript.Type): boolean {
  return (symbol as typescript.Symbol | undefined)?.name === 'AsyncGenerator';
}

function partsOf(type: typescript.Type): typescript.Type[] {
  return type.isUnion() ? type.types : [type];
}

/** An expression without brackets around it. */
function bare(expression: typescript.Expression): typescript.Expression {
  return typescript.isParenthesizedExpression(expression)
    ? bare(expression.expression)
    : expression;
}

/** The name of what is called; that of the method alone if its object is no plain name. */
function nameOf(callee: typescript.Expression): string {
  const name = shortened(callee);
  return typescript.isPropertyAccessExpression(callee) && !/^[\w$.]+$/.test(name)
    ? callee.name.text
    : name;
}

const MOST_CHARACTERS = 40;

function shortened(expression: typescript.Expression): string {
  const text = expression.getText();
  return text.length > MOST_CHARACTERS || text.includes('\n') ? '...' : text;
}

/** Lists all nodes of a file. */
function nodesOf(file: typescript.SourceFile): typescript.Node[] {
  const found: typescript.Node[] = [];
  const visit = (node: typescript.Node): void => {
    found.push(node);
    typescript.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
