import * as typescript from '@tslab/typescript-for-tslab';
import { parseCell } from './parse-cell';

/**
 * Expands `{ loss }` to `{ loss: loss }` if `loss` is a variable of an earlier cell. tslab rewrites
 * such variables to `exports.loss` but misses the short form, which would then be undefined.
 */
export function expandShorthand(code: string, isEarlier: (name: string) => boolean): string {
  const file = parseCell(code);
  const names: typescript.Identifier[] = [];
  const visit = (node: typescript.Node): void => {
    if (typescript.isShorthandPropertyAssignment(node) && isEarlier(node.name.text)) {
      names.push(node.name);
    }
    typescript.forEachChild(node, visit);
  };
  visit(file);
  return names.reduceRight(
    (text, { end, text: name }) => `${text.slice(0, end)}: ${name}${text.slice(end)}`,
    code,
  );
}
