import * as tf from '@tensorflow/tfjs';
import { runOverRows } from '../../../tensor/op';
import type { Softmax } from './softmax';

const LANES = 64;

/** The softmax of attention and its gradient, each in one dispatch. */
export const softmaxWebGpu: Softmax = { forward, gradient };

function forward(scores: tf.Tensor4D, first: tf.Tensor2D, scale: number): tf.Tensor4D {
  const isBatched = first.shape[0] > 1;
  const sequence = isBatched ? 'row / (uniforms.scoresShape.y * time)' : '0';
  const made = runOverRows({
    name: `causal_softmax_${isBatched ? 'batch' : 'one'}`,
    inputs: { scores, seen: first },
    rowsOf: scores,
    lanes: LANES,
    floats: { scale },
    body: `
        let time = uniforms.scoresShape.z;
        let query = row % time;
        let last = select(0, uniforms.width - time + query + 1, isRow);
        let begin = select(0, seen[${sequence} * time + query], isRow);
        var largest = -3.4e38;
        for (var j = begin + lane; j < last; j = j + ${LANES}) {
          largest = max(largest, scores[first + j] * uniforms.scale);
        }
        largest = maxOfLanes(lane, largest);
        var sum = 0.0;
        for (var j = lane; j < end; j = j + ${LANES}) {
          var power = 0.0;
          if (j >= begin && j < last) { power = exp(scores[first + j] * uniforms.scale - largest); }
          result[first + j] = power;
          sum = sum + power;
        }
        sum = sumOfLanes(lane, sum);
        for (var j = lane; j < end; j = j + ${LANES}) {
          result[first + j] = result[first + j] / sum;
        }`,
  });
  return tf.engine().makeTensorFromTensorInfo(made) as tf.Tensor4D;
}

function gradient(dp: tf.Tensor4D, p: tf.Tensor4D, scale: number): tf.Tensor4D {
  const made = runOverRows({
    name: 'causal_softmax_gradient',
    inputs: { dp, p },
    rowsOf: p,
    lanes: LANES,
    floats: { scale },
    body: `
        var sum = 0.0;
        for (var j = lane; j < end; j = j + ${LANES}) { sum = sum + p[first + j] * dp[first + j]; }
        sum = sumOfLanes(lane, sum);
        for (var j = lane; j < end; j = j + ${LANES}) {
          result[first + j] = uniforms.scale * p[first + j] * (dp[first + j] - sum);
        }`,
  });
  return tf.engine().makeTensorFromTensorInfo(made) as tf.Tensor4D;
}
