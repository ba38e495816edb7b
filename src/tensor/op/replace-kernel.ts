import * as tf from '@tensorflow/tfjs';

/**
 * Replaces one of tfjs's own kernels by one that is made of it.
 *
 * This happens to one kernel, BatchMatMul (`tf.matMul`), on two backends, when they are opened and
 * `LORA_KERNELS` is not `reference`:
 *
 * - TensorFlow's CPU: few rows are multiplied by a compiled op (`few-row-matmul.ts`);
 * - wasm: matrices are transposed before they are multiplied (`../runtime/wasm.ts`).
 */
export function replaceKernel(
  kernelName: string,
  backendName: string,
  make: (original: tf.KernelFunc) => tf.KernelFunc,
): void {
  const config = tf.getKernel(kernelName, backendName);
  tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ ...config, kernelFunc: make(config.kernelFunc) });
}
