import * as tf from '@tensorflow/tfjs';

const BACKENDS = ['tensorflow', 'webgpu', 'wasm', 'cpu'];

/**
 * Enters an op in the tfjs registry: the kernel for every backend, or one of its own for WebGPU.
 * A later call replaces an earlier.
 */
export function registerOp(kernelName: string, kernel: tf.KernelFunc, webgpu = kernel): void {
  for (const backendName of BACKENDS) {
    if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
    const kernelFunc = backendName === 'webgpu' ? webgpu : kernel;
    tf.registerKernel({ kernelName, backendName, kernelFunc });
  }
}
