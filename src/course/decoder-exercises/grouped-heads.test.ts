import * as tf from '@tensorflow/tfjs';
import { testExercise, testLeaks } from '../../../tests/course/test-exercise';
import { groupedHeads } from './grouped-heads';
import * as solution from './grouped-heads.solution';

type Q = tf.Tensor2D;
type K = tf.Tensor3D;

interface Way {
  keys?: (k: K, group: number) => tf.Tensor;
  values?: (v: K, group: number) => tf.Tensor;
  scale?: (sizes: { heads: number; kvHeads: number; time: number; size: number }) => number;
  share?: (scores: tf.Tensor, group: number) => tf.Tensor;
}

/** Each head of k `group` times, one after the other: [kv, time, size] -> [heads, time, size]. */
const repeat = (k: K, group: number) => {
  const [kvHeads, time, size] = k.shape;
  const copies = k.expandDims(1).tile([1, group, 1, 1]);
  return copies.reshape([kvHeads * group, time, size]);
};
/** All heads of k, `group` times in turn. */
const inTurn = (k: K, group: number) => k.tile([group, 1, 1]);
const one = (k: tf.Tensor, group: number) => inTurn(k as K, group);

/** An answer that copies keys and values for each head; what is left out is right. */
const by = ({ keys = repeat, values = repeat, scale, share }: Way) => ({
  attendGrouped: (q: Q, k: K, v: K) =>
    tf.tidy(() => {
      const [heads, size] = q.shape;
      const [kvHeads, time] = k.shape;
      const group = heads / kvHeads;
      const factor = scale?.({ heads, kvHeads, time, size }) ?? size ** -0.5;
      const products = tf.matMul(q.expandDims(1), keys(k, group), false, true); // [heads, 1, time]
      const scores = products.mul(factor);
      const shares = share ? share(scores.squeeze([1]), group).expandDims(1) : scores.softmax();
      return tf.matMul(shares, values(v, group)).reshape([heads, size]);
    }),
});
const shared = (of: (scores: tf.Tensor, group: number) => tf.Tensor) => by({ share: of });
const average = (k: K, group: number) => one(k.mean(0, true), group * k.shape[0]);
const first = (k: K, group: number) => one(k.slice([0], [1]), group * k.shape[0]);

testExercise(groupedHeads, solution, {
  'repeated in the wrong order': by({ keys: inTurn, values: inTurn }),
  'the values are in the wrong order': by({ values: inTurn }),
  'the keys are in the wrong order': by({ keys: inTurn }),
  'the groups are in reverse order': by({
    keys: (k, group) => repeat(k.reverse(0), group),
    values: (v, group) => repeat(v.reverse(0), group),
  }),
  'every head takes the first head of k and v': by({ keys: first, values: first }),
  'k and v are averaged over their heads': by({ keys: average, values: average }),
  'the scale is missing': by({ scale: () => 1 }),
  'divided by size': by({ scale: ({ size }) => 1 / size }),
  'multiplied by √size': by({ scale: ({ size }) => Math.sqrt(size) }),
  'divided by the root of all heads together': by({
    scale: ({ heads, size }) => (heads * size) ** -0.5,
  }),
  'divided by the root of another axis': by({ scale: ({ time }) => time ** -0.5 }),
  'divided by the root of another axis: it is √size': by({ scale: ({ heads }) => heads ** -0.5 }),
  'divided by the root of another axis: it is √size of one': by({
    scale: ({ kvHeads }) => kvHeads ** -0.5,
  }),
  'divided by the root of another axis: it is √size of one head': by({
    scale: ({ heads, kvHeads }) => (heads / kvHeads) ** -0.5,
  }),
  'softmax is missing': shared((scores) => scores),
  'softmax is missing: the scores must become': by({ scale: () => 1, share: (scores) => scores }),
  'softmax runs over the heads': shared((scores) => scores.transpose().softmax().transpose()),
  'softmax runs over the heads: it goes over the positions': shared((scores, group) => {
    const [heads = 0, time = 0] = scores.shape;
    const groups = scores.reshape([heads / group, group, time]).transpose([0, 2, 1]);
    return groups.softmax().transpose([0, 2, 1]).reshape([heads, time]);
  }),
  'the shares do not add up to 1': shared((scores) => scores.exp()),
  'scaled after softmax': {
    attendGrouped: (q, k, v) =>
      tf.tidy(() => {
        const [, size] = q.shape;
        const bare = by({ scale: () => 1 }).attendGrouped(q, k, v);
        return bare.div(Math.sqrt(size));
      }),
  },
  'k and v are swapped': { attendGrouped: (q, k, v) => solution.attendGrouped(q, v, k) },
  'the shares weigh the keys': { attendGrouped: (q, k) => solution.attendGrouped(q, k, k) },
  'every position weighs the same': shared((scores) => tf.zerosLike(scores).softmax()),
  'only the position with the largest score is taken': shared((scores) =>
    tf.oneHot(scores.argMax(1), scores.shape[1] as number).toFloat(),
  ),
  'the shape is [2, 3, 4], it must be [6, 4]': {
    attendGrouped: (q, k, v) =>
      tf.tidy(() => {
        const [heads, size] = q.shape;
        return solution.attendGrouped(q, k, v).reshape([k.shape[0], heads / k.shape[0], size]);
      }),
  },
  'returned undefined': { attendGrouped: () => undefined },
});

testLeaks(groupedHeads, solution, {
  '5 tensors stay in memory per call of attendGrouped': {
    attendGrouped: (q, k, v) => {
      const [heads, size] = q.shape;
      const groups = q.reshape([k.shape[0], heads / k.shape[0], size]);
      const scores = tf.matMul(groups, k, false, true).div(Math.sqrt(size));
      return tf.matMul(scores.softmax(), v).reshape([heads, size]);
    },
  },
});
