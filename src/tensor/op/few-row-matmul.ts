import type * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors';
import { runNativeOp } from './native-ops';
import { replaceKernel } from './replace-kernel';

/** Above this many rows TensorFlow's own matMul is as fast ... */
const FEW_ROWS = 16;
/** ... unless the product is so small that the time to start it dominates. */
const SMALL_PRODUCT = 2 ** 24;
/** Size of a matrix that one thread multiplies with a row while another thread wakes up. */
const SMALL_MATRIX = 2 ** 15;

/**
 * Replaces `tf.matMul` on TensorFlow's CPU where a has few rows, as in generation: one token for
 * each text. TensorFlow takes longer to start such a product than to compute it; this kernel reads
 * the matrix at the speed of memory. A product that does not fit is a ShapeError: TensorFlow's own
 * words for it name neither the product nor a way out.
 */
export function replaceFewRowMatMul(): void {
  replaceKernel('BatchMatMul', 'tensorflow', (original) => (given) => {
    const { a, b } = given.inputs as { a: tf.Tensor; b: tf.Tensor };
    const { transposeA, transposeB } = given.attrs as { transposeA: boolean; transposeB: boolean };
    assertFits(a, b, transposeA, transposeB);
    return !transposeA && hasFewRows(a, b, transposeB)
      ? runNativeOp('LoraFewRowMatMul', [a, b], { transpose: Number(transposeB) })
      : original(given);
  });
}

function assertFits(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): void {
  const [left, right] = [a.shape.at(transposeA ? -2 : -1), b.shape.at(transposeB ? -1 : -2)];
  if (left === right) return;
  const name = ({ shape }: tf.Tensor, isTransposed: boolean) =>
    `[${shape.join(', ')}]${isTransposed ? ' transposed' : ''}`;
  throw new ShapeError(
    `matMul: a matrix product of ${name(a, transposeA)} and ${name(b, transposeB)} does not fit: the inner axes must be equal, got ${left} and ${right}.`,
  );
}

function hasFewRows(a: tf.Tensor, b: tf.Tensor, transposeB: boolean): boolean {
  const [batch, other] = [a, b].map(({ shape }) => shape.slice(0, -2).join()) as [string, string];
  const rows = a.shape.at(-2) as number;
  const matrix = b.shape.slice(-2).reduce((product, size) => product * size, 1);
  const isOne = matrix === b.size;
  // If b is not transposed, threads share out whole matrices only.
  const isShared = transposeB || matrix <= SMALL_MATRIX || !isOne;
  const isSmall = rows <= FEW_ROWS || (isOne && transposeB && rows * matrix <= SMALL_PRODUCT);
  const isFloat = a.dtype === 'float32' && b.dtype === 'float32';
  return isFloat && isSmall && isShared && batch === other && a.size > 0 && b.size > 0;
}
