import * as tf from '@tensorflow/tfjs';
import { registerOp } from '../../tensor/op';
import { LORA_LINEAR } from './lora-linear';
import { loraLinearGradient } from './lora-linear-gradient';
import {
  LORA_LINEAR_INPUT_GRADIENT,
  loraLinearInputGradientPlain,
} from './lora-linear-input-gradient';
import {
  loraLinearInputGradientNative,
  loraLinearNative,
  loraUpdateNative,
  lowRankGradientsNative,
} from './lora-linear-native';
import { loraLinearPlain } from './lora-linear-plain';
import {
  loraLinearInputGradientWebGpu,
  loraLinearWebGpu,
  lowRankGradientsWebGpu,
} from './lora-linear-webgpu';
import { LORA_UPDATE, loraUpdateGradient, loraUpdatePlain } from './lora-update';
import { loraUpdateWebGpu } from './lora-update-webgpu';
import { LOW_RANK_GRADIENTS, lowRankGradientsPlain } from './low-rank-gradients';

/** Enters the ops in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerLoraKernels(): void {
  registerOp(LORA_LINEAR, {
    plain: loraLinearPlain,
    native: loraLinearNative,
    webgpu: loraLinearWebGpu,
  });
  registerOp(LORA_LINEAR_INPUT_GRADIENT, {
    plain: loraLinearInputGradientPlain,
    native: loraLinearInputGradientNative,
    webgpu: loraLinearInputGradientWebGpu,
  });
  registerOp(LOW_RANK_GRADIENTS, {
    plain: lowRankGradientsPlain,
    native: lowRankGradientsNative,
    webgpu: lowRankGradientsWebGpu,
  });
  registerOp(LORA_UPDATE, {
    plain: loraUpdatePlain,
    native: loraUpdateNative,
    webgpu: loraUpdateWebGpu,
  });
  tf.registerGradient(loraLinearGradient);
  tf.registerGradient(loraUpdateGradient);
}
