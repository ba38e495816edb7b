import type * as tf from '@tensorflow/tfjs';
import { runOverElements } from '../../op';
import type { Key } from '../../runtime';

/** m ⊙ x / (1 - p) in one dispatch; each thread makes the two words of its block and uses one. */
export function dropoutWebGpu(
  { x }: { x: tf.TensorInfo },
  { key, threshold, scale }: { key: Key; threshold: number; scale: number },
): tf.TensorInfo {
  return runOverElements({
    name: 'dropout',
    inputs: { x },
    outputShape: x.shape,
    integers: { k0: key[0], k1: key[1], threshold },
    floats: { scale },
    body: `
        // as in threefry.ts
        var k = vec3<u32>(u32(uniforms.k0), u32(uniforms.k1), 0x1bd11bdau);
        k.z = k.z ^ k.x ^ k.y;
        var words = vec2<u32>(u32(index / 2), 0u) + k.xy;
        for (var group = 1u; group <= 5u; group = group + 1u) {
          let bits = select(vec4<u32>(17, 29, 16, 24), vec4<u32>(13, 15, 26, 6), group % 2u == 1u);
          for (var i = 0; i < 4; i = i + 1) {
            words.x = words.x + words.y;
            words.y = ((words.y << bits[i]) | (words.y >> (32u - bits[i]))) ^ words.x;
          }
          k = k.yzx;
          words = words + k.xy + vec2<u32>(0u, group);
        }
        let isKept = words[index % 2] >= u32(uniforms.threshold);
        result[index] = x[index] * select(0.0, uniforms.scale, isKept);`,
  });
}
