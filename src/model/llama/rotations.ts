import * as tf from '@tensorflow/tfjs';
import { positions, type Starts } from '../transformer';
import { frequencies, type Rope } from './rope';

/** The cosine and sine of each angle, [time, size / 2], or [batch, time, size / 2] with starts. */
export type Rotations = Record<'cos' | 'sin', tf.Tensor>;

/**
 * Makes the rotations of positions `start` to `end`, owned by the caller. They are computed on the
 * host: a GPU's cos of a large angle may be rough.
 * @param starts where the text of each position starts; null if at 0
 */
export function rotations(
  rope: Rope,
  size: number,
  { start, end, starts }: { start: number; end: number; starts: Starts | null },
): Rotations {
  const w = frequencies(rope, size, end);
  const first = starts ? 0 : start;
  const scale = rope.type === 'yarn' ? rope.scale : 1;
  const table = (f: (angle: number) => number) =>
    tf.tensor2d(
      Float32Array.from({ length: (end - first) * w.length }, (_, i) => {
        const position = first + Math.floor(i / w.length);
        // In float32, as the models were trained.
        return scale * f(Math.fround(position * (w[i % w.length] as number)));
      }),
      [end - first, w.length],
    );
  return tf.tidy(() => {
    const [cos, sin] = [table(Math.cos), table(Math.sin)];
    if (!starts) return { cos, sin };
    const ids = positions(start, end, starts);
    return { cos: tf.gather(cos, ids), sin: tf.gather(sin, ids) };
  });
}
