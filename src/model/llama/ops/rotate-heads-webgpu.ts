import type * as tf from '@tensorflow/tfjs';
import { runOverElements } from '../../../tensor/op';

type Angles = Record<'cos' | 'sin', tf.Tensor>;

/** In one dispatch. */
export function rotateHeadsWebGpu({ x, ...angles }: { x: tf.Tensor } & Angles): tf.TensorInfo {
  return rotate('rotate_heads', x, angles, { time: 'second', direction: 1 });
}

/** The rotation back, in one dispatch. */
export function rotateHeadsGradientWebGpu({
  dy,
  ...angles
}: { dy: tf.Tensor } & Angles): tf.TensorInfo {
  return rotate('rotate_heads_gradient', dy, angles, { time: 'third', direction: -1 });
}

/** Swaps the second and third axis of x, of which one is time, and rotates its pairs. */
function rotate(
  name: string,
  x: tf.Tensor,
  { cos, sin }: Angles,
  { time, direction }: { time: 'second' | 'third'; direction: 1 | -1 },
): tf.TensorInfo {
  const [batch, second, third, size] = x.shape as [number, number, number, number];
  return runOverElements({
    name,
    inputs: { x, cosines: cos, sines: sin },
    outputShape: [batch, third, second, size],
    // Rotations of all texts, or of each.
    integers: { rotationsOfText: cos.rank === 3 ? (cos.shape[1] as number) : 0 },
    floats: { direction },
    body: `
        let size = uniforms.xShape.w;
        let half = size / 2;
        let i = index % size;
        let row = index / size; // of the output: text, third, second
        let second = row % uniforms.xShape.y;
        let third = row / uniforms.xShape.y % uniforms.xShape.z;
        let text = row / uniforms.xShape.y / uniforms.xShape.z;
        let first = ((text * uniforms.xShape.y + second) * uniforms.xShape.z + third) * size;
        let angle = (text * uniforms.rotationsOfText + ${time}) * half + i % half;
        let sine = uniforms.direction * sines[angle];
        let other = x[first + (i + half) % size];
        result[index] = x[first + i] * cosines[angle] + select(sine, -sine, i < half) * other;`,
  });
}
