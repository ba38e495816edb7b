import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { testExercise, testLeaks } from '../../../tests/course/test-exercise';
import { useAccelerator } from '../../tensor/runtime';
import { merge } from './merge';
import * as solution from './merge.solution';

type W = tf.Tensor2D;
const product = (B: W, A: W, s: number) => tf.matMul(B, A).mul<W>(s);

/** A tensor that the notebook has made: no check may free it. */
let own: W | undefined;
before(async () => {
  await useAccelerator();
  own = tf.ones([5, 3]);
});
after(() => {
  assert.equal(own?.isDisposed, false);
  own?.dispose();
});

testExercise(merge, solution, {
  'unmergeLoraWeights: the result is a tensor that was there before the call': {
    unmergeLoraWeights: () => own as W,
  },
  'the scale is missing: that is W0 + B A': {
    mergeLoraWeights: (w0, A, B) => tf.tidy(() => w0.add(tf.matMul(B, A))),
  },
  'the square of the scaling': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add(product(B, A, s * s))),
  },
  'mergeLoraWeights: the scaling is fixed: use the argument, scaling.': {
    mergeLoraWeights: (w0, A, B) => tf.tidy(() => w0.add(product(B, A, 16 / 8))),
  },
  'unmergeLoraWeights: the scaling is fixed: use the argument, scaling.': {
    unmergeLoraWeights: (w, A, B) => tf.tidy(() => w.sub(product(B, A, 2))),
  },
  'divided by the scaling instead of multiplied': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add(product(B, A, 1 / s))),
  },
  'multiplies it by r, which gives alpha': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add(product(B, A, s * A.shape[0]))),
  },
  'W0 is scaled too': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add(tf.matMul(B, A)).mul(s)),
  },
  'W0 is missing: that is the update alone': {
    mergeLoraWeights: (_, A, B, s) => tf.tidy(() => product(B, A, s)),
  },
  'your result is the transpose': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add<W>(product(B, A, s)).transpose()),
  },
  'a broadcast instead of the product': {
    mergeLoraWeights: (w0, A, B, s) =>
      tf.tidy(() => w0.add(B.sum(1, true).mul(A.sum(0, true)).mul(s))),
  },
  'w0 was changed in place': {
    mergeLoraWeights: (w0, A, B, s) => {
      tf.tidy(() => (w0 as tf.Variable<tf.Rank.R2>).assign(w0.add(product(B, A, s))));
      return w0;
    },
  },
  'w0 was disposed': {
    mergeLoraWeights: (w0, A, B, s) => {
      const merged = tf.tidy(() => w0.add(product(B, A, s)));
      w0.dispose();
      return merged;
    },
  },
  'W0 is missing: that is the update': { mergeLoraWeights: (_, A, B) => tf.matMul(B, A) },
  // It leaks too, but a wrong value comes first.
  'mergeLoraWeights: divided by the scaling': {
    mergeLoraWeights: (w0, A, B, s) => w0.add(tf.matMul(B, A).div(s)),
  },
  // What JavaScript makes of w0 + s * B * A if a cell has no types.
  'tensors have no operators, write a.add(b)': {
    mergeLoraWeights: (w0, A, B, s) => `${String(w0)}${s * Number(B) * Number(A)}`,
  },
  'a number where a tensor is asked for: tensors have no operators': {
    mergeLoraWeights: (w0) => Number(w0),
  },
  'yours is A B, which does not fit [d, k]: the update is B A': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add(tf.matMul(A, B).mul(s))),
  },
  'every entry is NaN: s * a is NaN for a tensor a': {
    mergeLoraWeights: (w0, A, B, s) =>
      tf.tidy(() => w0.add(s * Number((tf.matMul(B, A) as { scale?: number }).scale))),
  },
  'W0 is added twice': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add(w0).add(product(B, A, s))),
  },
  'the scaling is added: it must multiply B A': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add(tf.matMul(B, A).add(s))),
  },
  'W0 and the update are multiplied: they must be added': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.mul(product(B, A, s))),
  },
  'the weight is multiplied with the update: they must be added': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => tf.matMul(w0, product(B, A, s))),
  },
  'the update is B A, [d, r] times [r, k]': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add(tf.matMul(A, B)).mul(s)),
  },
  'unmergeLoraWeights: the scaling is subtracted': {
    unmergeLoraWeights: (merged, A, B, s) => tf.tidy(() => merged.sub(tf.matMul(B, A)).sub(s)),
  },
  'unmergeLoraWeights: the merged weight is divided by the update': {
    unmergeLoraWeights: (merged, A, B, s) => tf.tidy(() => merged.div(product(B, A, s))),
  },
  'mergeLoraWeights: yours is A B': {
    mergeLoraWeights: (_, A, B) => tf.tidy(() => tf.matMul(A, B)),
  },
  'B.mul(A) multiplies entry by entry': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add(B.mul(A).mul(s))),
  },
  'a factor is transposed: the update is B A': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add(tf.matMul(B, A, false, true).mul(s))),
  },
  'mergeLoraWeights: a factor is transposed': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add(tf.matMul(A, B, true, true).mul(s))),
  },
  'unmergeLoraWeights: yours is A B': {
    unmergeLoraWeights: (merged, A, B, s) => tf.tidy(() => merged.sub(tf.matMul(A, B).mul(s))),
  },
  'unmergeLoraWeights: the merged weight is missing': {
    unmergeLoraWeights: (_, A, B, s) => tf.tidy(() => product(B, A, s)),
  },
  'unmergeLoraWeights: the merged weight is scaled too': {
    unmergeLoraWeights: (merged, A, B, s) => tf.tidy(() => merged.sub(tf.matMul(B, A)).mul(s)),
  },
  'the merged weight is scaled too: only B A': {
    unmergeLoraWeights: (merged, A, B, s) => tf.tidy(() => merged.div(s).sub(tf.matMul(B, A))),
  },
  'unmergeLoraWeights: the scaling is alpha / r already: yours divides by r': {
    unmergeLoraWeights: (merged, A, B, s) =>
      tf.tidy(() => merged.sub(product(B, A, s / A.shape[0]))),
  },
  'returned undefined: is a `return` missing?': {
    mergeLoraWeights: (w0, A, B, s) => {
      tf.tidy(() => w0.add(product(B, A, s)));
    },
  },
  'dtype int32 where float32 is asked for': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add(product(B, A, s)).toInt()),
  },
  'an array where a tensor is asked for: return the tensor itself, not its numbers': {
    mergeLoraWeights: async (w0, A, B, s) => {
      const merged = tf.tidy(() => w0.add(product(B, A, s)));
      const values = await merged.array();
      merged.dispose();
      return values;
    },
  },
  'right only for square weights (d = k)': {
    mergeLoraWeights: (w0, A, B, s) =>
      tf.tidy(() => w0.add(product(B, A, s).reshape([w0.shape[0], w0.shape[0]]))),
  },
  'entries are NaN or infinite': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add(product(B, A, s / 0))),
  },
  'the shape is [5, 1], it must be [5, 3]': {
    mergeLoraWeights: (w0, A, B, s) => tf.tidy(() => w0.add<W>(product(B, A, s)).sum(1, true)), // one number per row
  },
  'the update is added a second time instead of subtracted': {
    unmergeLoraWeights: (merged, A, B, s) => tf.tidy(() => merged.add(product(B, A, s))),
  },
  'subtract s B A, not B A': {
    unmergeLoraWeights: (merged, A, B) => tf.tidy(() => merged.sub(tf.matMul(B, A))),
  },
  'the sign is reversed': {
    unmergeLoraWeights: (merged, A, B, s) => tf.tidy(() => product(B, A, s).sub(merged)),
  },
});

testLeaks(merge, solution, {
  '2 tensors stay in memory per call of mergeLoraWeights': {
    mergeLoraWeights: (w0, A, B, s) => w0.add(product(B, A, s)),
  },
  '1 tensor stays in memory per call of unmergeLoraWeights': {
    unmergeLoraWeights: (merged, A, B, s) =>
      tf.tidy(() => [merged.sub(product(B, A, s)), tf.zeros([1])])[0],
  },
});
