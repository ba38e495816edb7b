import type * as tf from '@tensorflow/tfjs';
import { Linear, LinearLayer } from '../../tensor/nn';

/**
 * The weights of a module by their names in it. Tensors stay the caller's. A layer may take the place
 * of its weight and bias, under its own name (`attn.c_attn`); the module takes it over.
 */
export type Weights = ReadonlyMap<string, tf.Tensor | LinearLayer>;

/** Picks the weights of a module below, by their names in it. */
export function weightsBelow(weights: Weights, name: string): Weights {
  const inside = [...weights].filter(([key]) => key.startsWith(`${name}.`));
  return new Map(inside.map(([key, weight]) => [key.slice(name.length + 1), weight]));
}

/** The linear layer of this name, with a bias if there is one. */
export function linearOf(weights: Weights, name: string): LinearLayer {
  const layer = weights.get(name);
  if (layer instanceof LinearLayer) return layer;
  const weight = weights.get(`${name}.weight`) as tf.Tensor2D;
  return new Linear({ weight, bias: weights.get(`${name}.bias`) as tf.Tensor1D | undefined });
}
