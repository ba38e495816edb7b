import * as typescript from '@tslab/typescript-for-tslab';
import { callKernel } from './call-kernel';

const { factory } = typescript;

/** Methods that continue a promise. */
const CONTINUES = new Set(['then', 'catch', 'finally']);

/**
 * Lets compiled code pass each value that it awaits through the kernel, which lets the event loop
 * turn in time: a loop over promises that are settled already would never see an interrupt.
 */
export const turnAtAwaits: typescript.TransformerFactory<typescript.SourceFile> =
  (context) => (file) => {
    const visit = (node: typescript.Node): typescript.Node =>
      withTurn(typescript.visitEachChild(node, visit, context));
    return typescript.visitEachChild(file, visit, context);
  };

function withTurn(node: typescript.Node): typescript.Node {
  if (typescript.isAwaitExpression(node)) {
    return factory.updateAwaitExpression(node, callKernel('turn', node.expression));
  }
  if (typescript.isForOfStatement(node) && node.awaitModifier) {
    const { awaitModifier, initializer, expression, statement } = node;
    const turn = factory.createAwaitExpression(callKernel('turn', factory.createNull()));
    const body = factory.createBlock([factory.createExpressionStatement(turn), statement]);
    return factory.updateForOfStatement(node, awaitModifier, initializer, expression, body);
  }
  if (typescript.isCallExpression(node) && continuesPromise(node.expression)) {
    const { expression: method, typeArguments, arguments: given } = node;
    const promise = callKernel('turnPromise', method.expression);
    const turned = factory.updatePropertyAccessExpression(method, promise, method.name);
    return factory.updateCallExpression(node, turned, typeArguments, given);
  }
  return node;
}

function continuesPromise(
  callee: typescript.Expression,
): callee is typescript.PropertyAccessExpression {
  return (
    typescript.isPropertyAccessExpression(callee) &&
    !typescript.isPropertyAccessChain(callee) &&
    callee.expression.kind !== typescript.SyntaxKind.SuperKeyword &&
    CONTINUES.has(callee.name.text)
  );
}
