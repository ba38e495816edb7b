import type { ConfigReader } from '../transformer';
import type { Rope } from './rope';

/** Kinds of blocks, each of which may have a rope of its own. */
export const KINDS = ['full_attention', 'sliding_attention'];

/**
 * Reads how positions become angles, from any place where configs have it: `rope_parameters`, or
 * `rope_theta` and `rope_scaling` of files before transformers 5, which go first as they do there.
 */
export function readRope(keys: ConfigReader, defaultTheta = 10000): Rope {
  const theta = keys.positive('rope_theta', defaultTheta);
  const isOld = Object.keys(keys.json.rope_scaling ?? {}).length > 0;
  const key = isOld ? 'rope_scaling' : 'rope_parameters';
  const scaling = keys.below(key);
  const isFlat = !KINDS.some((kind) => kind in scaling.json);
  keys.expect(isFlat, key, 'the same for all blocks');
  return ropeOf(scaling, theta, keys.size('max_position_embeddings'));
}

/**
 * Reads one rope from its own keys.
 * @param theta if the keys have none
 * @param maxPositions the longest text, which is as long as those of the pretraining if no key says more
 */
export function ropeOf(keys: ConfigReader, theta: number, maxPositions: number): Rope {
  keys.fixed({ partial_rotary_factor: 1 });
  const common = { theta: keys.positive('rope_theta', theta) };
  const type = (keys.json.rope_type ?? keys.json.type ?? 'default') as string;
  const original = () => keys.size('original_max_position_embeddings', maxPositions);
  switch (type) {
    case 'linear':
      return { ...common, type, factor: keys.positive('factor') };
    case 'dynamic':
      return { ...common, type, factor: keys.positive('factor'), original: maxPositions };
    case 'llama3': {
      const [low, high] = [keys.positive('low_freq_factor'), keys.positive('high_freq_factor')];
      keys.expect(!(high <= low), 'high_freq_factor', `above low_freq_factor ${low}`);
      return { ...common, type, factor: keys.positive('factor'), low, high, original: original() };
    }
    case 'yarn': {
      // null counts as false in transformers, a missing key as true.
      keys.expect(keys.json.truncate !== null, 'truncate', 'true or false');
      const factor = keys.positive('factor', maxPositions / original());
      return {
        ...common,
        type,
        factor,
        fast: keys.positive('beta_fast', 32),
        slow: keys.positive('beta_slow', 1),
        truncate: keys.flag('truncate', true),
        original: original(),
        scale: keys.positive('attention_factor', yarnScale(keys, factor)),
      };
    }
    default:
      keys.expect(
        type === 'default',
        'rope_type',
        'default, linear, dynamic, llama3 or yarn',
        type,
      );
      return { ...common, type: 'default' };
  }
}

/** The scale of cos and sin that keeps attention as sharp in longer texts.   (Peng et al. 2023, eq. 22) */
function yarnScale(keys: ConfigReader, factor: number): number {
  const scale = (weight: number) => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  const { mscale, mscale_all_dim: ofAll } = keys.json;
  if (!mscale || !ofAll) return scale(1);
  return scale(keys.positive('mscale')) / scale(keys.positive('mscale_all_dim'));
}
