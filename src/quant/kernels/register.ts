import * as tf from '@tensorflow/tfjs';
import { QUANTIZED_MATMUL, quantizedMatMulGradient } from './quantized-matmul';
import { quantizedMatMulPlain } from './quantized-matmul-plain';
import { quantizedMatMulWebGpu } from './quantized-matmul-webgpu';
import { UNPACK } from './unpack';
import { unpackPlain } from './unpack-plain';
import { unpackWebGpu } from './unpack-webgpu';

const BACKENDS = ['tensorflow', 'webgpu', 'wasm', 'cpu'];

/** Enters the ops in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerQuantKernels(): void {
  for (const backendName of BACKENDS) {
    register(QUANTIZED_MATMUL, backendName, quantizedMatMulPlain);
    register(UNPACK, backendName, unpackPlain);
  }
  register(QUANTIZED_MATMUL, 'webgpu', quantizedMatMulWebGpu);
  register(UNPACK, 'webgpu', unpackWebGpu);
  tf.registerGradient(quantizedMatMulGradient);
}

function register(kernelName: string, backendName: string, kernelFunc: tf.KernelFunc): void {
  if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ kernelName, backendName, kernelFunc });
}
