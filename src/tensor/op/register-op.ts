import * as tf from '@tensorflow/tfjs';
import { hasNativeOps } from './native-ops';

const BACKENDS = ['tensorflow', 'webgpu', 'wasm', 'cpu'];

/** The kernels of an op: one in plain tfjs ops, which the others must equal, for every backend. */
export interface Kernels {
  plain: tf.KernelFunc;
  /** on TensorFlow's CPU, out of the project's own TensorFlow ops (`kernels/*.cc`) */
  native?: tf.KernelFunc;
  /** on a GPU through WebGPU, in WGSL */
  webgpu?: tf.KernelFunc;
}

/**
 * Enters an op in the tfjs registry, for every backend. A later call replaces an earlier.
 * `LORA_KERNELS=reference` leaves it the plain kernel alone.
 */
export function registerOp(kernelName: string, kernels: Kernels): void {
  for (const backendName of BACKENDS) {
    if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
    const kernelFunc = isReference() ? kernels.plain : kernelOn(backendName, kernels);
    tf.registerKernel({ kernelName, backendName, kernelFunc });
  }
}

function kernelOn(backendName: string, { plain, native, webgpu }: Kernels): tf.KernelFunc {
  if (backendName === 'webgpu' && webgpu) return webgpu;
  if (backendName !== 'tensorflow' || !native) return plain;
  // CUDA is the same backend, and which of them it is turns out later.
  return (given) => (hasNativeOps() ? native : plain)(given);
}

/** Puts another kernel in the place of one of tfjs's own, made from that. */
export function replaceKernel(
  kernelName: string,
  backendName: string,
  make: (original: tf.KernelFunc) => tf.KernelFunc,
): void {
  const config = tf.getKernel(kernelName, backendName);
  tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ ...config, kernelFunc: make(config.kernelFunc) });
}

/** Whether `LORA_KERNELS=reference`: everything is computed by plain tfjs kernels. */
export function isReference(): boolean {
  return process.env.LORA_KERNELS === 'reference';
}
