import * as tf from '@tensorflow/tfjs';

/** down (SiLU(gate x) ⊙ up x) for rows of x [n, width]; gate and up [inner, width], down [width, inner]. */
export function swiGlu(
  x: tf.Tensor2D,
  gate: tf.Tensor2D,
  up: tf.Tensor2D,
  down: tf.Tensor2D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const g = tf.matMul(x, gate, false, true); // [n, inner]
    const inner = g.mul(g.sigmoid()).mul<tf.Tensor2D>(tf.matMul(x, up, false, true));
    return tf.matMul(inner, down, false, true); // [n, width]
  });
}
