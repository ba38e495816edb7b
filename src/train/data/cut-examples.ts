import { assertPositiveIntegers } from '../../tensor/errors';
import { countLabels } from './completion-loss';
import type { Example } from './example';

/** Examples that are short enough, and what was cut. */
export interface CutExamples {
  examples: Example[];
  /** says how many were cut, and which length would keep them; empty if none was */
  note: string;
}

/**
 * Cuts examples to a maximal length, in tokens, at their end. Those that have nothing to learn left
 * are taken out.
 * @throws ArgumentError if the length is no positive integer
 */
export function cutExamples(examples: readonly Example[], maxLength: number): CutExamples {
  assertPositiveIntegers('cutExamples', { maxLength });
  const long = examples.filter(({ ids }) => ids.length > maxLength);
  if (long.length === 0) return { examples: [...examples], note: '' };
  const cut = examples
    .map((example) => ({
      ...example,
      ids: example.ids.slice(0, maxLength),
      labels: example.labels.slice(0, maxLength),
    }))
    .filter(({ labels }) => countLabels({ labels: labels.slice(1) }) > 0);
  const lengths = examples.map(({ ids }) => ids.length).sort((a, b) => a - b);
  const most = lengths[Math.ceil(0.99 * lengths.length) - 1] as number;
  const share = ((100 * long.length) / examples.length).toFixed(1);
  const gone = examples.length - cut.length;
  const are = gone === 1 ? 'is' : 'are';
  const out = gone > 0 ? ` ${gone} of them had nothing to learn left and ${are} taken out.` : '';
  const note = `${long.length} of ${examples.length} rows (${share} %) are longer than ${maxLength} tokens and were cut.${out} A maximal length of ${lengths.at(-1)} keeps all of them whole, ${most} keeps 99 %.`;
  return { examples: cut, note };
}
