import * as tf from '@tensorflow/tfjs';
import { testExercise, testLeaks } from '../../../tests/course/test-exercise';
import { alpha } from './alpha';
import * as solution from './alpha.solution';

type M = tf.Tensor2D;
/** x Aᵀ Bᵀ times a factor */
const update = (x: M, A: M, B: M, s: number): M =>
  tf.tidy(() => tf.matMul(tf.matMul(x, A, false, true), B, false, true).mul(s));
const right = (A: M, alpha: number, rsLora: boolean) =>
  rsLora ? alpha / Math.sqrt(A.shape[0]) : alpha / A.shape[0];

testExercise(alpha, solution, {
  'the scale is missing': { scaledUpdate: (x, A, B) => update(x, A, B, 1) },
  'scaled by alpha instead of alpha / r': {
    scaledUpdate: (x, A, B, alpha) => update(x, A, B, alpha),
  },
  'scaled twice: the square of s': {
    scaledUpdate: (x, A, B, alpha, rs) => update(x, A, B, right(A, alpha, rs) ** 2),
  },
  'upside down: r / alpha': {
    scaledUpdate: (x, A, B, alpha, rs) => update(x, A, B, 1 / right(A, alpha, rs)),
  },
  'yours is alpha / √r, the scale of rsLoRA only': {
    scaledUpdate: (x, A, B, alpha) => update(x, A, B, right(A, alpha, true)),
  },
  'rsLoRA divides by √r: yours is alpha / r': {
    scaledUpdate: (x, A, B, alpha) => update(x, A, B, right(A, alpha, false)),
  },
  'divided by k instead of r': {
    scaledUpdate: (x, A, B, alpha) => update(x, A, B, alpha / A.shape[1]),
  },
  'divided by k instead of r: r is the first axis': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      update(x, A, B, rs ? alpha / Math.sqrt(A.shape[1]) : right(A, alpha, rs)),
  },
  'divided by d instead of r': {
    scaledUpdate: (x, A, B, alpha) => update(x, A, B, alpha / B.shape[0]),
  },
  'divided by 2: A.rank is the number of axes': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      update(x, A, B, alpha / (rs ? Math.sqrt(A.rank) : A.rank)),
  },
  'the rank is fixed: divide by A.shape[0]': {
    scaledUpdate: (x, A, B, alpha, rs) => update(x, A, B, alpha / (rs ? Math.sqrt(8) : 8)),
  },
  'scaledUpdate: the rank is fixed': {
    scaledUpdate: (x, A, B, alpha) => update(x, A, B, alpha / 16),
  },
  // A fixed rank of one of the inputs.
  'the rank is fixed: divide by': {
    scaledUpdate: (x, A, B, alpha, rs) => update(x, A, B, alpha / (rs ? Math.sqrt(3) : 3)),
  },
  'the root is of the wrong part: rsLoRA divides alpha by √r': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      update(x, A, B, rs ? Math.sqrt(alpha / A.shape[0]) : alpha / A.shape[0]),
  },
  'another one on each input: take every number from the arguments': {
    scaledUpdate: (x, A, B, alpha) => update(x, A, B, alpha / 11),
  },
  'x is missing: that is ΔW = s B A itself': {
    scaledUpdate: (_, A, B, alpha, rs) => tf.tidy(() => tf.matMul(B, A).mul(right(A, alpha, rs))),
  },
  'your result is the transpose': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      tf.tidy(() => update(x, A, B, right(A, alpha, rs)).transpose()),
  },
  'x A B without transposing': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      tf.tidy(() => tf.matMul(tf.matMul(x, A), B).mul(right(A, alpha, rs))),
  },
  'scaledUpdate: x A B without': {
    scaledUpdate: (x, A, B) => tf.tidy(() => tf.matMul(tf.matMul(x, A), B)),
  },
  'only one of A and B is transposed': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      tf.tidy(() => tf.matMul(tf.matMul(x, A, false, true), B).mul(right(A, alpha, rs))),
  },
  'x B A: the update B A acts on columns': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      tf.tidy(() => tf.matMul(x, tf.matMul(B, A)).mul(right(A, alpha, rs))),
  },
  'the order is reversed: A comes first': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      tf.tidy(() =>
        tf.matMul(tf.matMul(x, B, false, true), A, false, true).mul(right(A, alpha, rs)),
      ),
  },
  'B A x is for a column x': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      tf.tidy(() => tf.matMul(tf.matMul(B, A), x).mul(right(A, alpha, rs))),
  },
  'a.mul(b) multiplies entry by entry': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      tf.tidy(() =>
        x
          .mul(A)
          .mul(B)
          .mul(right(A, alpha, rs)),
      ),
  },
  'a.reshape(...) is no transpose': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      tf.tidy(() => {
        const [r, k] = A.shape;
        const low = tf.matMul(x, A.reshape([k, r]));
        return tf.matMul(low, B.reshape([r, B.shape[0]])).mul(right(A, alpha, rs));
      }),
  },
  'scaledUpdate: yours is x Aᵀ: B is missing': {
    scaledUpdate: (x, A) => tf.matMul(x, A, false, true),
  },
  'an array where a tensor is asked for': { scaledUpdate: (x) => x.array() },
  'every row is the same: one row was broadcast': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      tf.tidy(() => {
        const mean = x.mean<M>(0, true);
        return update(mean, A, B, right(A, alpha, rs)).tile([x.shape[0], 1]);
      }),
  },
  'returned undefined': { scaledUpdate: () => undefined },
  'yours is exactly half the right value everywhere': {
    scaledUpdate: (x, A, B, alpha, rs) => update(x, A, B, right(A, alpha, rs) / 2),
  },
  // Multiplies A and B in the wrong order, which fits only if d = k.
  'right only for square weights (d = k)': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      tf.tidy(() => {
        const n = A.shape[1]; // k instead of d
        return update(x, A, B, right(A, alpha, rs)).reshape([x.shape[0], n]);
      }),
  },
  'B was changed in place': {
    scaledUpdate: (x, A, B, alpha, rs) => {
      tf.tidy(() => (B as tf.Variable<tf.Rank.R2>).assign(B.mul(right(A, alpha, rs))));
      return update(x, A, B, 1);
    },
  },
});

testLeaks(alpha, solution, {
  '2 tensors stay in memory per call of scaledUpdate': {
    scaledUpdate: (x, A, B, alpha, rs) =>
      tf.matMul(tf.matMul(x, A, false, true), B, false, true).mul(right(A, alpha, rs)),
  },
});
