import { ArgumentError, NonFiniteError, type OptionKeys } from '../../tensor/errors';

/** How the next token is chosen from the logits. */
export interface SampleOptions {
  /** 0 takes the likeliest token; 1 samples from the model's own distribution */
  temperature?: number;
  /** only the k likeliest tokens */
  topK?: number;
  /** only the likeliest tokens that together reach this probability */
  topP?: number;
  /** only tokens at least this many times as likely as the likeliest, from 0 to 1 */
  minP?: number;
  /** above 1: tokens of the prompt and the text so far become less likely (Keskar et al. 2019) */
  repetitionPenalty?: number;
}

export const SAMPLE_OPTIONS: OptionKeys<SampleOptions> = {
  temperature: 'optional',
  topK: 'optional',
  topP: 'optional',
  minP: 'optional',
  repetitionPenalty: 'optional',
};

type Range = [expected: string, isGood: (value: number) => boolean];

const RANGES: Readonly<Record<keyof SampleOptions, Range>> = {
  temperature: ['0 or more', (value) => value >= 0 && value < Infinity],
  topK: ['a positive integer', (value) => Number.isSafeInteger(value) && value >= 1],
  topP: ['above 0 and at most 1', (value) => value > 0 && value <= 1],
  minP: ['from 0 to 1', (value) => value >= 0 && value <= 1],
  repetitionPenalty: ['above 0', (value) => value > 0 && value < Infinity],
};

/** @throws ArgumentError listing every option that is out of range */
export function assertSampleOptions(options: SampleOptions): void {
  const faults = Object.entries(RANGES).flatMap(([name, [expected, isGood]]) => {
    const value = options[name as keyof SampleOptions];
    const isFault = value !== undefined && !(typeof value === 'number' && isGood(value));
    return isFault ? [`${name} must be ${expected}, got ${String(value)}`] : [];
  });
  if (faults.length > 0) throw new ArgumentError(`generate: ${faults.join('; ')}.`);
}

/**
 * Samples the next token: p = softmax(logits / temperature), cut to the likeliest `topK`, then to the
 * likeliest that reach `topP`, then to those of at least `minP` of the largest p; the token is the first whose cumulated p passes u, uniform in [0, 1).
 * Among equals the lower id comes first.
 * @throws NonFiniteError if a logit is NaN or infinite
 */
export function sample(logits: Float32Array, u: number, options: SampleOptions): number {
  const { temperature = 0, topK = logits.length, topP = 1, minP = 0 } = options;
  const top = logits.reduce((best, logit) => Math.max(best, logit), -Infinity);
  if (!Number.isFinite(top) || logits.includes(-Infinity)) {
    throw new NonFiniteError(`generate: every logit must be finite. Look for diverged weights.`);
  }
  if (temperature === 0) return logits.indexOf(top);
  const weight = (id: number) => Math.exp(((logits[id] as number) - top) / temperature);
  const ids = Array.from(logits.keys())
    .sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b)
    .slice(0, topK);
  const kept = cutAt(ids, weight, topP * total(ids, weight)).filter((id) => weight(id) >= minP);
  return cutAt(kept, weight, u * total(kept, weight)).at(-1) as number;
}

/** Lowers the logits of tokens that occurred already: divides positive ones, multiplies negative ones. */
export function penalize(
  logits: Float32Array,
  seen: readonly (readonly number[])[],
  { repetitionPenalty: penalty = 1 }: SampleOptions,
): void {
  if (penalty === 1) return;
  for (const id of new Set(seen.flat())) {
    const logit = logits[id] as number;
    logits[id] = logit > 0 ? logit / penalty : logit * penalty;
  }
}

/** The first ids until their weights reach this sum: at least one. */
function cutAt(ids: number[], weight: (id: number) => number, sum: number): number[] {
  let reached = 0;
  const last = ids.findIndex((id) => (reached += weight(id)) >= sum);
  return last < 0 ? ids : ids.slice(0, last + 1);
}

function total(ids: number[], weight: (id: number) => number): number {
  return ids.reduce((sum, id) => sum + weight(id), 0);
}
