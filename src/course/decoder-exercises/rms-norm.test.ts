import * as tf from '@tensorflow/tfjs';
import { testExercise, testLeaks } from '../../../tests/course/test-exercise';
import { rmsNorm } from './rms-norm';
import * as solution from './rms-norm.solution';

type X = tf.Tensor2D;
type W = tf.Tensor1D;
const answer = (of: (x: X, w: W, e: number) => tf.Tensor) => ({
  rmsNorm: (x: X, w: W, e: number) => tf.tidy(() => of(x, w, e)),
});
const meanSquare = (x: tf.Tensor) => x.square().mean(-1, true);
const root = (x: tf.Tensor, e: number) => meanSquare(x).add(e).sqrt();
const centred = (x: X) => x.sub(x.mean(-1, true));

testExercise(rmsNorm, solution, {
  'the square root is missing': answer((x, w, e) => x.div(meanSquare(x).add(e)).mul(w)),
  'the mean is subtracted: that is LayerNorm': answer((x, w, e) =>
    centred(x)
      .div(root(centred(x), e))
      .mul(w),
  ),
  'the mean is subtracted: that is LayerNorm, RMSNorm leaves it': answer((x, w, e) =>
    centred(x).div(root(x, e)).mul(w),
  ),
  'divided by the deviation from the mean': answer((x, w, e) => x.div(root(centred(x), e)).mul(w)),
  'the squares are summed': answer((x, w, e) =>
    x.div(x.square().sum(-1, true).add(e).sqrt()).mul(w),
  ),
  'ε is missing': answer((x, w) => x.div(root(x, 0)).mul(w)),
  'ε is added to the root': answer((x, w, e) => x.div(root(x, 0).add(e)).mul(w)),
  'multiplied by the root': answer((x, w, e) => x.mul(root(x, e)).mul(w)),
  'the weight is missing': answer((x, _, e) => x.div(root(x, e))),
  'the weight is added': answer((x, w, e) => x.div(root(x, e)).add(w)),
  'divided by the weight': answer((x, w, e) => x.div(root(x, e)).div(w)),
  'multiplied by 1 + weight': answer((x, w, e) => x.div(root(x, e)).mul(w.add(1))),
  'the mean of |x|': answer((x, w, e) => x.div(x.abs().mean(-1, true).add(e)).mul(w)),
  'the mean of |x|: it is the mean of x²': answer((x, w) => x.div(x.abs().mean(-1, true)).mul(w)),
  'the square of the mean': answer((x, w, e) =>
    x.div(x.mean(-1, true).square().add(e).sqrt()).mul(w),
  ),
  'one mean for the whole batch': answer((x, w, e) =>
    x.div(x.square().mean().add(e).sqrt()).mul(w),
  ),
  'the mean over the rows': answer((x, w, e) =>
    x.div(x.square().mean(0, true).add(e).sqrt()).mul(w),
  ),
  'the weight comes first': answer((x, w, e) => x.mul(w).div(root(x.mul(w), e))),
  'divided by width - 1': answer((x, w, e) => {
    const [, width] = x.shape;
    const sum = x.square().sum(-1, true);
    return x
      .div(
        sum
          .div(width - 1)
          .add(e)
          .sqrt(),
      )
      .mul(w);
  }),
  'x is missing: that is 1 /': answer((x, w, e) => tf.onesLike(x).div(root(x, e)).mul(w)),
  'x is missing': answer((x, _, e) => meanSquare(x).add(e).rsqrt()),
  'that is the root alone': answer((x, _, e) => root(x, e)),
  'mean(-1) drops the axis': answer((x, w, e) => x.div(x.square().mean(-1).add(e).sqrt()).mul(w)),
  'your result is the transpose': answer((x, w, e) => solution.rmsNorm(x, w, e).transpose()),
  'returned undefined': { rmsNorm: () => undefined },
  'x was disposed': {
    rmsNorm: (x, w, e) => {
      const y = solution.rmsNorm(x, w, e);
      x.dispose();
      return y;
    },
  },
});

testLeaks(rmsNorm, solution, {
  '5 tensors stay in memory per call of rmsNorm': {
    rmsNorm: (x, w, e) => x.div(x.square().mean(-1, true).add(e).sqrt()).mul(w),
  },
});
