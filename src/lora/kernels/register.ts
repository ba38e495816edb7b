import * as tf from '@tensorflow/tfjs';
import { registerOp } from '../../runtime';
import { LORA_LINEAR } from './lora-linear';
import { loraLinearGradient } from './lora-linear-gradient';
import { loraLinearNative } from './lora-linear-native';
import { loraLinearPlain } from './lora-linear-plain';
import { LORA_UPDATE, loraUpdateGradient, loraUpdatePlain } from './lora-update';

/** Enters the ops in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerLoraKernels(): void {
  registerOp(LORA_LINEAR, { plain: loraLinearPlain, native: loraLinearNative });
  registerOp(LORA_UPDATE, { plain: loraUpdatePlain });
  tf.registerGradient(loraLinearGradient);
  tf.registerGradient(loraUpdateGradient);
}
