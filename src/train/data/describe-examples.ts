import { countLabels } from './completion-loss';
import type { Example } from './example';

/**
 * Says in a sentence or two how many tokens the examples have, how many of them are learned, and
 * which answers are not. Example: `20 rows of 1,204 tokens, 312 of them learned (26 %); the longest
 * has 93.`
 */
export function describeExamples(examples: readonly Example[]): string {
  const lengths = examples.map(({ ids }) => ids.length);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const learned = examples.reduce(
    (sum, { labels }) => sum + countLabels({ labels: labels.slice(1) }),
    0,
  );
  const share = ((100 * learned) / tokens).toFixed(0);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const all = `${count(examples.length, 'row')} of ${format(tokens)} tokens, ${format(learned)} of them learned (${share} %); the longest has ${format(longest)}.`;
  const left = examples.filter(({ answersLeftOut = 0 }) => answersLeftOut > 0);
  if (left.length === 0) return all;
  const answers = left.reduce((sum, { answersLeftOut = 0 }) => sum + answersLeftOut, 0);
  return `${all} In ${count(left.length, 'row')} ${count(answers, 'answer')} ${answers === 1 ? 'is' : 'are'} not learned: the model's template writes an answer in another way once more messages follow, or none comes before it.`;
}

function count(value: number, what: string): string {
  return `${format(value)} ${what}${value === 1 ? '' : 's'}`;
}

function format(value: number): string {
  return value.toLocaleString('en-US');
}
