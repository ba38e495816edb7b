import type * as tf from '@tensorflow/tfjs';
import { ArgumentError, DisposedError } from '../errors';

/**
 * Reads the values of a float32 tensor, row by row. It works on every accelerator; WebGPU has no
 * synchronous read in Node.
 * @throws DisposedError if the tensor is disposed, ArgumentError if it is not float32,
 *   AcceleratorError if the GPU reported a fault since the last read
 */
export async function read(tensor: tf.Tensor): Promise<Float32Array> {
  if (tensor.isDisposed) {
    throw new DisposedError(`read: tensor must be alive, got one that is disposed.`);
  }
  if (tensor.dtype !== 'float32') {
    throw new ArgumentError(`read: tensor must be float32, got ${tensor.dtype}.`);
  }
  const values = await tensor.data<'float32'>();
  // Lets a waiting interrupt or message in: on the native library a read does not wait.
  await new Promise((resolve) => setImmediate(resolve));
  return values;
}
