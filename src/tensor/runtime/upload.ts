import * as tf from '@tensorflow/tfjs';

/**
 * Moves a tensor's numbers to the accelerator now. tfjs keeps them in JavaScript until an op reads
 * the tensor, so that a model that was just loaded would lie in memory twice at its first use.
 */
export function upload(tensor: tf.Tensor): void {
  const nowhere = tensor.shape.map(() => 0);
  tf.tidy(() => void tf.slice(tensor, nowhere, nowhere)); // of no elements: the op is all that counts
}
