import type * as tf from '@tensorflow/tfjs';
import { runOverRows } from '../../../tensor/op';

const LANES = 64;

type Inputs = Record<'x' | 'weight', tf.Tensor>;
type Attrs = Record<'epsilon' | 'offset', number>;

/** y alone, in one dispatch: the gradient reads x anyway, and sums its squares again. */
export function rmsNormWebGpu({ x, weight }: Inputs, attrs: Attrs): { y: tf.TensorInfo } {
  const body = `
        var squares = 0.0;
        for (var j = lane; j < end; j = j + ${LANES}) {
          squares = squares + x[first + j] * x[first + j];
        }
        let mean = sumOfLanes(lane, squares) / f32(uniforms.width);
        let inverse = inverseSqrt(mean + uniforms.epsilon);
        for (var j = lane; j < end; j = j + ${LANES}) {
          result[first + j] = x[first + j] * inverse * (weight[j] + uniforms.offset);
        }`;
  return { y: run('rms_norm', { x, weight }, attrs, body) };
}

/** dL/dx = (dn - n · mean(dn · n)) inverse, dn = dL/dy (γ + offset), in one dispatch. */
export function rmsNormGradientWebGpu(
  { dy, x, weight }: Inputs & { dy: tf.Tensor },
  attrs: Attrs,
): tf.TensorInfo {
  const body = `
        var squares = 0.0;
        var products = 0.0;
        for (var j = lane; j < end; j = j + ${LANES}) {
          let dn = dy[first + j] * (weight[j] + uniforms.offset);
          squares = squares + x[first + j] * x[first + j];
          products = products + dn * x[first + j];
        }
        let mean = sumOfLanes(lane, squares) / f32(uniforms.width);
        let inverse = inverseSqrt(mean + uniforms.epsilon);
        let along = sumOfLanes(lane, products) / f32(uniforms.width) * inverse;
        for (var j = lane; j < end; j = j + ${LANES}) {
          let dn = dy[first + j] * (weight[j] + uniforms.offset);
          result[first + j] = (dn - x[first + j] * inverse * along) * inverse;
        }`;
  return run('rms_norm_gradient', { dy, x, weight }, attrs, body);
}

/** Runs lanes from the `first` number of each row of x to the `end` of its width. */
function run(
  name: string,
  inputs: Inputs & { dy?: tf.Tensor },
  floats: Attrs,
  body: string,
): tf.TensorInfo {
  const { shape, size } = inputs.x;
  const width = shape.at(-1) as number;
  return runOverRows({
    name,
    inputs,
    outputShape: shape,
    rows: size / width,
    lanes: LANES,
    integers: { width },
    floats,
    body: `
        let first = row * uniforms.width;
        let end = select(0, uniforms.width, isRow);
        ${body}`,
  });
}
