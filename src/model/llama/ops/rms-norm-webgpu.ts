import type * as tf from '@tensorflow/tfjs';
import { runOverRows } from '../../../tensor/op';

const LANES = 64;

type Inputs = Record<'x' | 'weight', tf.Tensor>;
type Attrs = Record<'epsilon' | 'offset', number>;

/** y alone, in one dispatch: the gradient reads x anyway, and sums its squares again. */
export function rmsNormWebGpu(
  { x, weight }: Inputs,
  { epsilon, offset }: Attrs,
): { y: tf.TensorInfo } {
  const y = runOverRows({
    name: 'rms_norm',
    inputs: { x, weight },
    rowsOf: x,
    lanes: LANES,
    floats: { epsilon, offset },
    body: `
        var squares = 0.0;
        for (var j = lane; j < end; j = j + ${LANES}) {
          squares = squares + x[first + j] * x[first + j];
        }
        let mean = sumOfLanes(lane, squares) / f32(uniforms.width);
        let inverse = inverseSqrt(mean + uniforms.epsilon);
        for (var j = lane; j < end; j = j + ${LANES}) {
          result[first + j] = x[first + j] * inverse * (weight[j] + uniforms.offset);
        }`,
  });
  return { y };
}

/** dL/dx = (dn - n · mean(dn · n)) inverse, dn = dL/dy (γ + offset), in one dispatch. */
export function rmsNormGradientWebGpu(
  { dy, x, weight }: Inputs & { dy: tf.Tensor },
  { epsilon, offset }: Attrs,
): tf.TensorInfo {
  return runOverRows({
    name: 'rms_norm_gradient',
    inputs: { dy, x, weight },
    rowsOf: x,
    lanes: LANES,
    floats: { epsilon, offset },
    body: `
        var squares = 0.0;
        var products = 0.0;
        for (var j = lane; j < end; j = j + ${LANES}) {
          let dn = dy[first + j] * (weight[j] + uniforms.offset);
          squares = squares + x[first + j] * x[first + j];
          products = products + dn * x[first + j];
        }
        let width = f32(uniforms.width);
        let inverse = inverseSqrt(sumOfLanes(lane, squares) / width + uniforms.epsilon);
        let along = sumOfLanes(lane, products) / width * inverse;
        for (var j = lane; j < end; j = j + ${LANES}) {
          let dn = dy[first + j] * (weight[j] + uniforms.offset);
          result[first + j] = (dn - x[first + j] * inverse * along) * inverse;
        }`,
  });
}
