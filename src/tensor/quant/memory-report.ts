import type * as tf from '@tensorflow/tfjs';
import { assertModule, type Module, modulesOf } from '../nn';
import { bytesOf } from '../runtime';
import { PackedLinear } from './packed-linear';

/** The bytes of a model's parameters, as live tensors. */
export interface ModelMemory {
  /** numbers in weights of fewer bits than float32 */
  packedWeights: number;
  /** bytes of the tensors that hold them; 8 · packedBytes / packedWeights is bits a weight */
  packedBytes: number;
  /** all other frozen parameters, in float32: embeddings, norms, biases */
  frozenBytes: number;
  /** the parameters that training changes, in float32 */
  trainableBytes: number;
  /** the three together */
  bytes: number;
}

/**
 * Counts the parameters of a model, each tensor once: as many bytes as `memory()` has more with
 * this model than without it. Layers replaced by hand are not counted.
 */
export function memoryReport(model: Module): ModelMemory {
  assertModule('memoryReport', model);
  const layers = [...new Set(modulesOf(model, PackedLinear).values())];
  const packed = new Set<tf.Variable>(layers.flatMap((layer) => layer.packedParameters));
  const others = [...new Set(model.namedParameters().values())].filter((one) => !packed.has(one));
  const packedBytes = bytesOf(packed);
  const frozenBytes = bytesOf(others.filter(({ trainable }) => !trainable));
  const trainableBytes = bytesOf(others.filter(({ trainable }) => trainable));
  return {
    packedWeights: layers.reduce((sum, one) => sum + one.outFeatures * one.inFeatures, 0),
    packedBytes,
    frozenBytes,
    trainableBytes,
    bytes: packedBytes + frozenBytes + trainableBytes,
  };
}
