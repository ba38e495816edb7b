import * as tf from '@tensorflow/tfjs';
import { type HostLinear, Linear } from '../../src/tensor/nn';

/** Numbers that share a scale. */
const BLOCK = 32;

/** A layer that rounds its input to 8 bits, as llama.cpp does before it multiplies with packed weights. */
class RoundedLinear extends Linear {
  override forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => super.forward(rounded(x)));
  }
}

/** Whole numbers up to 127 of a scale, one scale for each 32 numbers. */
function rounded(x: tf.Tensor): tf.Tensor {
  const blocks = x.reshape([-1, BLOCK]);
  const scale = blocks.abs().max(1, true).div(127).maximum(1e-30);
  return blocks.div(scale).round().mul(scale).reshape(x.shape);
}

/** `loadModel(file, { linear: roundedLinear })` */
export function roundedLinear({ weight, bias, outFeatures, inFeatures }: HostLinear): Linear {
  const matrix = tf.tensor2d(weight, [outFeatures, inFeatures]);
  const row = bias && tf.tensor1d(bias);
  const layer = new RoundedLinear({ weight: matrix, bias: row });
  matrix.dispose();
  row?.dispose();
  return layer;
}
