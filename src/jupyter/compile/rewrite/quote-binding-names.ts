import * as typescript from '@tslab/typescript-for-tslab';

const { factory } = typescript;

/**
 * Writes `{ 'loss': first }` for `{ loss: first }` in a destructuring. tslab takes the name of the
 * property for a variable if it is declared by an earlier cell, and would make it `exports.loss`.
 */
const quoteBindingNames: typescript.TransformerFactory<typescript.SourceFile> =
  (context) => (file) => {
    const visit = (node: typescript.Node): typescript.Node =>
      withQuotes(typescript.visitEachChild(node, visit, context));
    return typescript.visitEachChild(file, visit, context);
  };

function withQuotes(node: typescript.Node): typescript.Node {
  if (!typescript.isBindingElement(node) || !node.propertyName) return node;
  const { dotDotDotToken, propertyName, name, initializer } = node;
  if (!typescript.isIdentifier(propertyName)) return node;
  const quoted = factory.createStringLiteral(propertyName.text, true);
  return factory.updateBindingElement(node, dotDotDotToken, quoted, name, initializer);
}

/** Adds it to tslab's own transformers of a cell, which run after. */
export function withQuotedNames(
  given: typescript.CustomTransformers | undefined,
): typescript.CustomTransformers {
  return { ...given, after: [quoteBindingNames, ...(given?.after ?? [])] };
}
