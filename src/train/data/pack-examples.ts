import { ArgumentError, assertPositiveIntegers } from '../../tensor/errors';
import { IGNORED } from '../loop';
import type { Example } from './example';

/**
 * Packs examples into rows of at most `length` tokens, so that little is padding: the longest first,
 * each into the fullest row that has room (best fit, decreasing). A text sees nothing of the others
 * of its row and has positions of its own, so it is learned as if it were alone. The order is kept
 * nowhere; `drawBatches` shuffles rows.
 * @throws ArgumentError if an example is longer, or is packed already
 */
export function packExamples(examples: readonly Example[], length: number): Example[] {
  assertPositiveIntegers('packExamples', { length });
  const longest = examples.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  if (longest > length) {
    throw new ArgumentError(
      `packExamples: length must be ${longest} or more, the tokens of the longest example, got ${length}. Cut the examples first: cutExamples(examples, ${length}).`,
    );
  }
  if (examples.some(({ starts }) => starts)) {
    throw new ArgumentError('packExamples: examples must be single texts, got some packed ones.');
  }
  const rows: { texts: Example[]; left: number }[] = [];
  const roomy = new Map<number, typeof rows>(); // rows by the tokens that they have left
  for (const text of [...examples].sort((a, b) => b.ids.length - a.ids.length)) {
    const row = takeRow(roomy, text.ids.length, length) ?? { texts: [], left: length };
    if (row.texts.length === 0) rows.push(row);
    row.texts.push(text);
    row.left -= text.ids.length;
    const alike = roomy.get(row.left) ?? [];
    alike.push(row);
    roomy.set(row.left, alike);
  }
  return rows.map(({ texts }) => packed(texts));
}

/** Takes out a row with the least room that is enough. */
function takeRow<T>(roomy: Map<number, T[]>, needed: number, most: number): T | undefined {
  for (let left = needed; left <= most; left++) {
    const row = roomy.get(left)?.pop();
    if (row) return row;
  }
  return undefined;
}

function packed(texts: readonly Example[]): Example {
  const starts: number[] = [];
  for (const { ids } of texts) starts.push(...new Array<number>(ids.length).fill(starts.length));
  const answersLeftOut = texts.reduce((sum, { answersLeftOut: own = 0 }) => sum + own, 0);
  return {
    ids: texts.flatMap(({ ids }) => ids),
    // Nothing of its own text comes before a first token.
    labels: texts.flatMap(({ labels }) => [IGNORED, ...labels.slice(1)]),
    starts,
    ...(answersLeftOut > 0 && { answersLeftOut }),
  };
}
