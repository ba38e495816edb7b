import { ArgumentError, NonFiniteError, type OptionKeys } from '../../tensor/errors';

/** How the next token is chosen from the logits. */
export interface SampleOptions {
  /** 0 takes the likeliest token; 1 samples from the model's own distribution */
  temperature?: number;
  /** only the k likeliest tokens */
  topK?: number;
  /** only the likeliest tokens that together reach this probability */
  topP?: number;
}

export const SAMPLE_OPTIONS: OptionKeys<SampleOptions> = {
  temperature: 'optional',
  topK: 'optional',
  topP: 'optional',
};

/** @throws ArgumentError listing every option that is out of range */
export function assertSampleOptions({ temperature = 0, topK = 1, topP = 1 }: SampleOptions): void {
  const faults: string[] = [];
  if (!(temperature >= 0 && temperature < Infinity)) {
    faults.push(`temperature must be 0 or more, got ${temperature}`);
  }
  if (!Number.isSafeInteger(topK) || topK < 1) {
    faults.push(`topK must be a positive integer, got ${topK}`);
  }
  if (!(topP > 0 && topP <= 1)) faults.push(`topP must be above 0 and at most 1, got ${topP}`);
  if (faults.length > 0) throw new ArgumentError(`generate: ${faults.join('; ')}.`);
}

/**
 * Samples the next token: p = softmax(logits / temperature), cut to the likeliest `topK`, then to the
 * likeliest that reach `topP`; the token is the first whose cumulated p passes u, uniform in [0, 1).
 * Among equals the lower id comes first.
 * @throws NonFiniteError if a logit is NaN or infinite
 */
export function sample(logits: Float32Array, u: number, options: SampleOptions): number {
  const { temperature = 0, topK = logits.length, topP = 1 } = options;
  const top = logits.reduce((best, logit) => Math.max(best, logit), -Infinity);
  if (!Number.isFinite(top) || logits.includes(-Infinity)) {
    throw new NonFiniteError(`generate: every logit must be finite. Look for diverged weights.`);
  }
  if (temperature === 0) return logits.indexOf(top);
  const weight = (id: number) => Math.exp(((logits[id] as number) - top) / temperature);
  const ids = Array.from(logits.keys())
    .sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b)
    .slice(0, topK);
  const kept = cutAt(ids, weight, topP * total(ids, weight));
  return cutAt(kept, weight, u * total(kept, weight)).at(-1) as number;
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
