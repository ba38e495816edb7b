import * as tf from '@tensorflow/tfjs';

/** The angle of each pair at a position: position · θ^(-2i / size), i = 0 ... size / 2 - 1. */
export function rotaryAngles(position: number, size: number, theta: number): number[] {
  return Array.from({ length: size / 2 }, (_, i) => position * theta ** ((-2 * i) / size));
}

/** Rotates each pair (xᵢ, xᵢ₊ₛ), s = size / 2, by its angle: x [time, size], cos and sin [time, s]. */
export function rotateHalves(x: tf.Tensor2D, cos: tf.Tensor2D, sin: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const [a, b] = tf.split(x, 2, 1) as [tf.Tensor2D, tf.Tensor2D]; // [time, s] each
    return tf.concat([a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))], 1) as tf.Tensor2D;
  });
}
