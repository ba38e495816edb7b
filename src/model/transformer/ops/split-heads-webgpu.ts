import type * as tf from '@tensorflow/tfjs';
import { runOverElements } from '../../../tensor/op';

/** In three dispatches: a shader has one output. */
export function splitHeadsWebGpu(
  { qkv }: { qkv: tf.TensorInfo },
  { heads }: { heads: number },
): Record<'q' | 'k' | 'v', tf.TensorInfo> {
  const [batch, time, width] = qkv.shape as [number, number, number];
  const size = width / (3 * heads);
  const split = (part: number) =>
    runOverElements({
      name: 'split_heads',
      inputs: { qkv },
      outputShape: [batch, heads, time, size],
      integers: { part, heads, size },
      body: `
        let time = uniforms.qkvShape.y;
        let row = index / uniforms.size; // of the output: b, h, t
        let h = row / time % uniforms.heads;
        let b = row / time / uniforms.heads;
        let first = (b * time + row % time) * uniforms.qkvShape.z;
        let head = uniforms.part * uniforms.heads + h;
        result[index] = qkv[first + head * uniforms.size + index % uniforms.size];`,
    });
  return { q: split(0), k: split(1), v: split(2) };
}

/** In one dispatch. */
export function splitHeadsGradientWebGpu({
  dq,
  dk,
  dv,
}: Record<'dq' | 'dk' | 'dv', tf.TensorInfo>): tf.TensorInfo {
  const [batch, heads, time, size] = dq.shape as [number, number, number, number];
  return runOverElements({
    name: 'split_heads_gradient',
    inputs: { dq, dk, dv },
    outputShape: [batch, time, 3 * heads * size],
    body: `
        let heads = uniforms.dqShape.y;
        let time = uniforms.dqShape.z;
        let size = uniforms.dqShape.w;
        let head = index / size % (3 * heads); // of all three
        let row = index / size / (3 * heads); // b, t
        let place = ((row / time * heads + head % heads) * time + row % time) * size + index % size;
        switch (head / heads) {
          case 0: { result[index] = dq[place]; }
          case 1: { result[index] = dk[place]; }
          default: { result[index] = dv[place]; }
        }`,
  });
}
