import * as tf from '@tensorflow/tfjs';
import { LORA_LINEAR } from './lora-linear';
import { loraLinearGradient } from './lora-linear-gradient';
import { loraLinearPlain } from './lora-linear-plain';

const BACKENDS = ['tensorflow', 'webgpu', 'wasm', 'cpu'];

/** Enters the op in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerLoraKernels(): void {
  for (const backendName of BACKENDS) {
    if (tf.getKernel(LORA_LINEAR, backendName)) tf.unregisterKernel(LORA_LINEAR, backendName);
    tf.registerKernel({ kernelName: LORA_LINEAR, backendName, kernelFunc: loraLinearPlain });
  }
  tf.registerGradient(loraLinearGradient);
}
