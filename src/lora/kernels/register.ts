import * as tf from '@tensorflow/tfjs';
import { LORA_LINEAR } from './lora-linear';
import { loraLinearGradient } from './lora-linear-gradient';
import { loraLinearPlain } from './lora-linear-plain';
import { LORA_UPDATE, loraUpdateGradient, loraUpdatePlain } from './lora-update';

const BACKENDS = ['tensorflow', 'webgpu', 'wasm', 'cpu'];

/** Enters the ops in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerLoraKernels(): void {
  for (const backendName of BACKENDS) {
    register(LORA_LINEAR, backendName, loraLinearPlain);
    register(LORA_UPDATE, backendName, loraUpdatePlain);
  }
  tf.registerGradient(loraLinearGradient);
  tf.registerGradient(loraUpdateGradient);
}

function register(kernelName: string, backendName: string, kernelFunc: tf.KernelFunc): void {
  if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ kernelName, backendName, kernelFunc });
}
