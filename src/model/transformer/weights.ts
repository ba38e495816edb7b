import type * as tf from '@tensorflow/tfjs';
import { Linear, LinearLayer } from '../../tensor/nn';

/**
 * The weights of a module by their names in it; they stay the caller's. A layer may
 * stand under its own name (`attn.c_attn`), for its weight and bias; it is taken over.
 */
export type Weights = ReadonlyMap<string, tf.Tensor | LinearLayer>;

/** The weights of a module below, by their names in it. */
export function weightsBelow(weights: Weights, name: string): Weights {
  const inside = [...weights].filter(([key]) => key.startsWith(`${name}.`));
  return new Map(inside.map(([key, weight]) => [key.slice(name.length + 1), weight]));
}

/** The linear layer of a name. */
export function linearOf(weights: Weights, name: string): LinearLayer {
  const layer = weights.get(name);
  if (layer instanceof LinearLayer) return layer;
  const weight = weights.get(`${name}.weight`) as tf.Tensor2D;
  return new Linear({ weight, bias: weights.get(`${name}.bias`) as tf.Tensor1D });
}
