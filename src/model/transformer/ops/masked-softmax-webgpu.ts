import type * as tf from '@tensorflow/tfjs';
import { runOverRows } from '../../../tensor/op';

const LANES = 64;

/** p = softmax(scale Q Kᵀ + mask) in one dispatch. */
export function maskedSoftmaxWebGpu(
  { scores, mask }: { scores: tf.Tensor4D; mask: tf.Tensor | null },
  { scale }: { scale: number },
): tf.TensorInfo {
  const [batch, heads, time] = scores.shape;
  // One mask for all rows, or one for each sequence of the batch.
  const rowsOfMask = mask?.rank === 2 ? batch * heads * time : heads * time;
  const masked = mask ? ' + mask[firstOfMask + j]' : '';
  return runOverRows({
    name: `masked_softmax_${mask ? 'masked' : 'unmasked'}`,
    inputs: mask ? { scores, mask } : { scores },
    rowsOf: scores,
    lanes: LANES,
    floats: { scale },
    integers: { rowsOfMask },
    body: `
        let time = uniforms.scoresShape.z;
        let firstOfMask = (row / uniforms.rowsOfMask * time + row % time) * uniforms.width;
        var largest = -3.4e38;
        for (var j = lane; j < end; j = j + ${LANES}) {
          largest = max(largest, scores[first + j] * uniforms.scale${masked});
        }
        largest = maxOfLanes(lane, largest);
        var sum = 0.0;
        for (var j = lane; j < end; j = j + ${LANES}) {
          let power = exp(scores[first + j] * uniforms.scale${masked} - largest);
          result[first + j] = power;
          sum = sum + power;
        }
        sum = sumOfLanes(lane, sum);
        for (var j = lane; j < end; j = j + ${LANES}) {
          result[first + j] = result[first + j] / sum;
        }`,
  });
}

/** dL/dscores = scale p (dL/dp - Σ p dL/dp) in one dispatch. */
export function maskedSoftmaxGradientWebGpu(
  { dp, p }: Record<'dp' | 'p', tf.Tensor4D>,
  { scale }: { scale: number },
): tf.TensorInfo {
  return runOverRows({
    name: 'masked_softmax_gradient',
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
}
