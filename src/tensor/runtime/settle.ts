import * as tf from '@tensorflow/tfjs';

/**
 * Moves a tensor's numbers to the accelerator now. tfjs keeps them in JavaScript until an op reads
 * the tensor, and a model that was just loaded would lie in memory twice at its first use.
 */
export function settle(tensor: tf.Tensor): void {
  if (tensor.size === 0) return;
  const first = tensor.shape.map(() => 0);
  const one = tensor.shape.map(() => 1);
  tf.tidy(() => void tf.slice(tensor, first, one));
}
