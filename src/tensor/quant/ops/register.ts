import * as tf from '@tensorflow/tfjs';
import { registerOp } from '../../op';
import { HALF_MATMUL, halfMatMulGradient, halfMatMulKernels } from './half-matmul';
import { QUANTIZED_MATMUL, quantizedMatMulGradient } from './quantized-matmul';
import { quantizedMatMulNative } from './quantized-matmul-native';
import { quantizedMatMulPlain } from './quantized-matmul-plain';
import { quantizedMatMulWebGpu } from './quantized-matmul-webgpu';
import { UNPACK } from './unpack';
import { unpackPlain } from './unpack-plain';
import { unpackWebGpu } from './unpack-webgpu';

/** Enters the ops in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerQuantKernels(): void {
  registerOp(QUANTIZED_MATMUL, {
    plain: quantizedMatMulPlain,
    native: quantizedMatMulNative,
    webgpu: quantizedMatMulWebGpu,
  });
  registerOp(HALF_MATMUL, halfMatMulKernels);
  registerOp(UNPACK, { plain: unpackReference });
  tf.registerGradient(quantizedMatMulGradient);
  tf.registerGradient(halfMatMulGradient);
}

/** Plain ops on WebGPU would round the words: there its own kernel is the reference too. */
const unpackReference: tf.KernelFunc = (given) =>
  (tf.getBackend() === 'webgpu' ? unpackWebGpu : unpackPlain)(given);
