import { frequencies } from '../llama';
import type { GgufKeys } from './gguf-keys';

/** The same in all models of Llama 3.1 and 3.2; the file does not hold them. */
const [LOW, HIGH, ORIGINAL] = [1, 4, 8192];

/**
 * Makes the rope parameters of Llama 3 from rope_freqs.weight, which holds what each frequency is
 * divided by: 1 for the fast ones, the factor for the slow ones.
 */
export function llama3Parameters(
  keys: GgufKeys,
  theta: unknown,
  divisors: Float32Array,
): Record<string, unknown> {
  const factor = Number(Math.max(...divisors).toPrecision(7));
  const of = { theta: Number(theta), factor, low: LOW, high: HIGH, original: ORIGINAL };
  const size = 2 * divisors.length;
  const slowed = frequencies({ type: 'llama3', ...of }, size, 1);
  const isLlama3 = frequencies({ type: 'default', theta: of.theta }, size, 1).every((w, i) => {
    const divisor = w / (slowed[i] as number);
    return Math.abs((divisors[i] as number) - divisor) <= 1e-4 * divisor;
  });
  if (!isLlama3) {
    keys.fault(
      `rope_freqs.weight must be that of Llama 3 (factors ${LOW} and ${HIGH}, ${ORIGINAL} positions), got other divisors.`,
    );
  }
  return {
    rope_type: 'llama3',
    factor,
    low_freq_factor: LOW,
    high_freq_factor: HIGH,
    original_max_position_embeddings: ORIGINAL,
  };
}
