import type * as tf from '@tensorflow/tfjs';
import { runNativeOp } from './native-ops';
import { replaceKernel } from './register-op';

/** Of more rows TensorFlow's own product is as fast ... */
const FEW_ROWS = 16;
/** ... unless so little is multiplied that its beginning counts. */
const SMALL_PRODUCT = 2 ** 24;
/** What one thread multiplies a row with in the time that waking another takes. */
const SMALL_MATRIX = 2 ** 15;

/**
 * TensorFlow's product takes longer to begin than a matrix of few rows takes to multiply: those of
 * generation, one token for each text, are read at the speed of memory here.
 */
export function replaceThinProducts(): void {
  replaceKernel('BatchMatMul', 'tensorflow', (original) => (given) => {
    const { a, b } = given.inputs as { a: tf.Tensor; b: tf.Tensor };
    const { transposeA, transposeB } = given.attrs as { transposeA: boolean; transposeB: boolean };
    return !transposeA && isThin(a, b, transposeB)
      ? runNativeOp(given.backend, 'LoraThinProduct', [a, b], { transpose: Number(transposeB) })
      : original(given);
  });
}

function isThin(a: tf.Tensor, b: tf.Tensor, transposeB: boolean): boolean {
  const [batch, other] = [a, b].map(({ shape }) => shape.slice(0, -2).join()) as [string, string];
  const rows = a.shape.at(-2) as number;
  const matrix = b.shape.slice(-2).reduce((product, size) => product * size, 1);
  const isOne = matrix === b.size;
  // Across the rows of b only whole matrices are shared out among threads.
  const isShared = transposeB || matrix <= SMALL_MATRIX || !isOne;
  const isSmall = rows <= FEW_ROWS || (isOne && transposeB && rows * matrix <= SMALL_PRODUCT);
  const isFloat = a.dtype === 'float32' && b.dtype === 'float32';
  return isFloat && isSmall && isShared && batch === other && a.size > 0 && b.size > 0;
}
