import * as tf from '@tensorflow/tfjs';

/** The memory of the live tensors. */
export interface MemoryReport {
  /** tensors known to tfjs */
  tensors: number;
  /** their bytes */
  bytes: number;
  /** tensors that the native TensorFlow library holds; null on other accelerators */
  nativeHandles: number | null;
}

/** Counts the live tensors, their bytes, and the native handles behind them. */
export function memory(): MemoryReport {
  const { numTensors, numBytes } = tf.memory();
  const backend = tf.backend() as Partial<{ getNumOfTFTensors(): number }>;
  return {
    tensors: numTensors,
    bytes: numBytes,
    nativeHandles: backend.getNumOfTFTensors?.() ?? null,
  };
}

/** Sums the bytes of tensors; one that is listed twice counts twice. */
export function bytesOf(tensors: Iterable<tf.Tensor>): number {
  let bytes = 0;
  for (const { size, dtype } of tensors) bytes += size * tf.util.bytesPerElement(dtype);
  return bytes;
}
