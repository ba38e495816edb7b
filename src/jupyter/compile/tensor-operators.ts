import * as typescript from '@tslab/typescript-for-tslab';

/** TypeScript's numbers: an operand, left or right, is no number; an operator does not fit. */
const ARITHMETIC = [2362, 2363, 2365];
const TENSOR = /\b(?:Tensor\w*|Variable|Scalar)\b/;
const ADVICE =
  'Tensors have no operators: a.add(b), a.sub(b), a.mul(b), a.div(b), tf.matMul(a, b).';

/** Adds to the first diagnostic of arithmetic on a tensor what to write instead. */
export function adviseOnTensors(
  diagnostics: readonly typescript.Diagnostic[],
  checker: typescript.TypeChecker,
): typescript.Diagnostic[] {
  const first = diagnostics.find(
    (one) => ARITHMETIC.includes(one.code) && TENSOR.test(markedTypes(one, checker)),
  );
  return diagnostics.map((one) =>
    one === first ? { ...one, messageText: `${textOf(one)}\n${ADVICE}` } : one,
  );
}

function textOf({ messageText }: typescript.Diagnostic): string {
  return typescript.flattenDiagnosticMessageText(messageText, '\n');
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
