import * as tf from '@tensorflow/tfjs';

/**
 * Moves a tensor's numbers to the native library now. tfjs keeps them in JavaScript until an op reads
 * the tensor, so that a model that was just loaded would lie in memory twice at its first use.
 */
export function upload(tensor: tf.Tensor): void {
  // What each op of the native backend does with its inputs; others have no such step, or do it themselves.
  const backend = tf.backend() as Partial<{ getInputTensorIds(tensors: tf.Tensor[]): number[] }>;
  backend.getInputTensorIds?.([tensor]);
}
