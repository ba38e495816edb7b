import type * as tf from '@tensorflow/tfjs';
import { runOverRows } from '../../../tensor/op';

const LANES = 64;

/** The mean and 1 / σ of a row of x. */
const STATISTICS = `
        let width = uniforms.xShape.y;
        let first = row * width;
        let end = select(0, width, isRow);
        var sum = 0.0;
        for (var j = lane; j < end; j = j + ${LANES}) { sum = sum + x[first + j]; }
        let mean = sumOfLanes(lane, sum) / f32(width);
        var squares = 0.0;
        for (var j = lane; j < end; j = j + ${LANES}) {
          let centered = x[first + j] - mean;
          squares = squares + centered * centered;
        }
        let variance = sumOfLanes(lane, squares) / f32(width);
        let inverse = inverseSqrt(variance + uniforms.epsilon);`;

/** y alone, in one dispatch: the gradient reads x anyway, and computes the mean and 1 / σ again. */
export function layerNormWebGpu(
  { x, weight, bias }: Record<'x' | 'weight' | 'bias', tf.Tensor>,
  { epsilon }: { epsilon: number },
): { y: tf.TensorInfo } {
  const rows = asRows(x);
  const y = runOverRows({
    name: 'layer_norm',
    inputs: { x: rows, weight, bias },
    outputShape: rows.shape,
    rows: rows.shape[0],
    lanes: LANES,
    floats: { epsilon },
    body: `${STATISTICS}
        for (var j = lane; j < end; j = j + ${LANES}) {
          result[first + j] = (x[first + j] - mean) * inverse * weight[j] + bias[j];
        }`,
  });
  return { y: { ...y, shape: x.shape } };
}

/** dL/dx = (dn - mean(dn) - n · mean(dn · n)) / σ, dn = dL/dy γ, in one dispatch. */
export function layerNormGradientWebGpu(
  { dy, x, weight }: Record<'dy' | 'x' | 'weight', tf.Tensor>,
  { epsilon }: { epsilon: number },
): tf.TensorInfo {
  const rows = asRows(x);
  const dx = runOverRows({
    name: 'layer_norm_gradient',
    inputs: { dy: asRows(dy), x: rows, weight },
    outputShape: rows.shape,
    rows: rows.shape[0],
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
        let dnMean = sumOfLanes(lane, dnSum) / f32(width);
        let along = sumOfLanes(lane, alongSum) / f32(width) * inverse;
        for (var j = lane; j < end; j = j + ${LANES}) {
          let n = (x[first + j] - mean) * inverse;
          result[first + j] = (dy[first + j] * weight[j] - dnMean - n * along) * inverse;
        }`,
  });
  return { ...dx, shape: x.shape };
}

/** x with all leading axes as one. */
function asRows({ dataId, dtype, shape, size }: tf.Tensor) {
  const width = shape.at(-1) as number;
  return { dataId, dtype, shape: [size / width, width] as [number, number] };
}
