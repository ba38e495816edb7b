import * as tf from '@tensorflow/tfjs';
import { bytesOf } from './memory';

/**
 * Measures the most bytes that new tensors take at one time while `work` runs. Aliases count once,
 * except reshaped ones on the native library, which are tensors of their own there.
 */
export async function peakBytes<T>(
  work: () => Promise<T>,
): Promise<{ result: T; peakBytes: number }> {
  const engine = tf.engine();
  const track = engine.trackTensor.bind(engine);
  const sizes = new Map<object, number>();
  let [peak, bytes] = [0, 0];
  // tfjs reports no tensor that is freed: look for them when there may be a new peak.
  const forgetFreed = () => {
    for (const [id, size] of sizes) {
      if (engine.state.tensorInfo.has(id)) continue;
      sizes.delete(id);
      bytes -= size;
    }
  };
  engine.trackTensor = (tensor, backend) => {
    track(tensor, backend);
    if (sizes.has(tensor.dataId)) return;
    const size = bytesOf([tensor]);
    sizes.set(tensor.dataId, size);
    bytes += size;
    if (bytes > peak) forgetFreed();
    peak = Math.max(peak, bytes);
  };
  try {
    return { result: await work(), peakBytes: peak };
  } finally {
    engine.trackTensor = track;
  }
}
