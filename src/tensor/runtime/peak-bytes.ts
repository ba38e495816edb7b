import * as tf from '@tensorflow/tfjs';
import { bytesOf } from './memory';

/**
 * Measures how far the bytes of tensors rise at most while `work` runs. Aliases count once, those
 * of earlier tensors not at all; a variable's new value takes the place of the old one. Reshaped
 * tensors on the native library are tensors of their own, and count again.
 */
export async function peakBytes<T>(
  work: () => Promise<T>,
): Promise<{ result: T; peakBytes: number }> {
  const engine = tf.engine();
  const track = engine.trackTensor.bind(engine);
  const variables = Object.values(engine.registeredVariables);
  const sizes = new Map(variables.map((one): [object, number] => [one.dataId, bytesOf([one])]));
  const before = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  let [peak, bytes] = [before, before];
  // tfjs reports no tensor that is freed: look for them when there may be a new peak.
  const forgetFreed = () => {
    for (const [id, size] of sizes) {
      if (engine.state.tensorInfo.has(id)) continue;
      sizes.delete(id);
      bytes -= size;
    }
  };
  engine.trackTensor = (tensor, backend) => {
    const isAlias = engine.state.tensorInfo.has(tensor.dataId);
    track(tensor, backend);
    if (isAlias) return;
    const size = bytesOf([tensor]);
    sizes.set(tensor.dataId, size);
    bytes += size;
    if (bytes > peak) forgetFreed();
    peak = Math.max(peak, bytes);
  };
  try {
    return { result: await work(), peakBytes: peak - before };
  } finally {
    engine.trackTensor = track;
  }
}
