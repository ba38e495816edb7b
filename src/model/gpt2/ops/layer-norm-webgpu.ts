import type * as tf from '@tensorflow/tfjs';
import { runOverRows } from '../../../tensor/op';

const LANES = 64;

/** The mean and 1 / σ of a row of x. */
const STATISTICS = `
        let width = f32(uniforms.width);
        var sum = 0.0;
        for (var j = lane; j < end; j = j + ${LANES}) { sum = sum + x[first + j]; }
        let mean = sumOfLanes(lane, sum) / width;
        var squares = 0.0;
        for (var j = lane; j < end; j = j + ${LANES}) {
          let centered = x[first + j] - mean;
          squares = squares + centered * centered;
        }
        let variance = sumOfLanes(lane, squares) / width;
        let inverse = inverseSqrt(variance + uniforms.epsilon);`;

/** y alone, in one dispatch: the gradient reads x anyway, and computes the mean and 1 / σ again. */
export function layerNormWebGpu(
  { x, weight, bias }: Record<'x' | 'weight' | 'bias', tf.Tensor>,
  { epsilon }: { epsilon: number },
): { y: tf.TensorInfo } {
  const y = runOverRows({
    name: 'layer_norm',
    inputs: { x, weight, bias },
    rowsOf: x,
    lanes: LANES,
    floats: { epsilon },
    body: `${STATISTICS}
        for (var j = lane; j < end; j = j + ${LANES}) {
          result[first + j] = (x[first + j] - mean) * inverse * weight[j] + bias[j];
        }`,
  });
  return { y };
}

/** dL/dx = (dn - mean(dn) - n · mean(dn · n)) / σ, dn = dL/dy γ, in one dispatch. */
export function layerNormGradientWebGpu(
  { dy, x, weight }: Record<'dy' | 'x' | 'weight', tf.Tensor>,
  { epsilon }: { epsilon: number },
): tf.TensorInfo {
  return runOverRows({
    name: 'layer_norm_gradient',
    inputs: { dy, x, weight },
    rowsOf: x,
    lanes: LANES,
    floats: { epsilon },
    body: `${STATISTICS}
        var dnSum = 0.0;
        var alongSum = 0.0;
        for (var j = lane; j < end; j = j + ${LANES}) {
          let dn = dy[first + j] * weight[j];
          dnSum = dnSum + dn;
          alongSum = alongSum + dn * (x[first + j] - mean);
        }
        let dnMean = sumOfLanes(lane, dnSum) / width;
        let along = sumOfLanes(lane, alongSum) / width * inverse;
        for (var j = lane; j < end; j = j + ${LANES}) {
          let n = (x[first + j] - mean) * inverse;
          result[first + j] = (dy[first + j] * weight[j] - dnMean - n * along) * inverse;
        }`,
  });
}
