import * as tf from '@tensorflow/tfjs';

/** The position of each token in its own text, for texts one after another in a row. */
export function positionsOf(lengths: number[]): tf.Tensor1D {
  const positions = lengths.flatMap((length) => Array.from({ length }, (_, i) => i));
  return tf.tensor1d(positions, 'int32');
}

/** 1 where token i may look at token j: one of its own text, and not after it; [n, n]. */
export function maskOf(lengths: number[]): tf.Tensor2D {
  const texts = lengths.flatMap((length, text) => new Array<number>(length).fill(text));
  return tf.tidy(() => {
    const [text, place] = [tf.tensor1d(texts), tf.range(0, texts.length)];
    const isSame = text.expandDims(1).equal(text); // [n, 1] and [n] -> [n, n]
    const isBefore = place.expandDims(1).greaterEqual(place);
    return isSame.logicalAnd(isBefore).toFloat() as tf.Tensor2D;
  });
}
