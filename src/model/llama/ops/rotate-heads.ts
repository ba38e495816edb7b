import * as tf from '@tensorflow/tfjs';
import { defineOp, runNativeOp } from '../../../tensor/op';
import { rotateHeadsGradientWebGpu, rotateHeadsWebGpu } from './rotate-heads-webgpu';

type Angles = {
  /** of each position and pair, [time, size / 2] or [batch, time, size / 2] */
  cos: tf.Tensor;
  sin: tf.Tensor;
};

const ANGLES = ['time half', 'batch time half'];

/**
 * Rotates each pair (xᵢ, xᵢ₊ₛ), s = size / 2, by the angle of its position        (Su et al. 2021,
 * eq. 34; the pairs are halves of a head, as in Hugging Face's files)
 *
 * x [batch, time, heads, size] -> [batch, heads, time, size], owned by the caller; cos and sin are
 * constants. One op on the tape, which keeps the angles alone.
 */
export const rotateHeads = defineOp<{ x: tf.Tensor } & Angles, object, tf.Tensor4D>('RotateHeads', {
  shapes: { x: 'batch time heads size', cos: ANGLES, sin: ANGLES },
  reference: ({ x, cos, sin }) =>
    tf.tidy(() => rotate(x.transpose<tf.Tensor4D>([0, 2, 1, 3]), { cos, sin }, 1)),
  native: ({ x, cos, sin }) => runNativeOp('LoraRotateHeads', [x, cos, sin]),
  webgpu: rotateHeadsWebGpu,
  saves: ['cos', 'sin'],
  gradient: (dy, { cos, sin }) => ({ x: () => rotateHeadsGradient({ dy, cos, sin }) }),
});

/** dL/dx: the rotation back, dy [batch, heads, time, size] -> [batch, time, heads, size] */
const rotateHeadsGradient = defineOp<{ dy: tf.Tensor4D } & Angles>('RotateHeadsGradient', {
  shapes: { dy: 'batch heads time size', cos: ANGLES, sin: ANGLES },
  reference: ({ dy, cos, sin }) =>
    tf.tidy(() => rotate(dy, { cos, sin }, -1).transpose([0, 2, 1, 3])),
  native: ({ dy, cos, sin }) => runNativeOp('LoraRotateHeadsGradient', [dy, cos, sin]),
  webgpu: rotateHeadsGradientWebGpu,
});

/** x [batch, heads, time, size], turned forwards or backwards */
function rotate(x: tf.Tensor4D, angles: Angles, direction: 1 | -1): tf.Tensor4D {
  const [first, second] = tf.split(x, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
  const overHeads = (angle: tf.Tensor) => (angle.rank === 3 ? angle.expandDims(1) : angle);
  const cos = overHeads(angles.cos);
  const sin = overHeads(angles.sin).mul(direction);
  const turned = [first.mul(cos).sub(second.mul(sin)), second.mul(cos).add(first.mul(sin))];
  return tf.concat(turned as tf.Tensor4D[], 3);
}
