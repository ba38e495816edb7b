import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../../tensor/errors';
import { bytesOf } from '../../tensor/runtime';

/**
 * The scale s of each row of a batch at each rank of several adapters: 0 for an adapter that the
 * row does not use. All layers of equal ranks and scales share one tensor.
 */
export class RowScales {
  private tensor: tf.Tensor2D | null = null;

  /** @param rows [batch, Σr]; a single row if `perRow` is false, for batches of any size */
  constructor(
    private readonly rows: readonly (readonly number[])[],
    private readonly perRow: boolean,
  ) {}

  /** Bytes of the tensor for the last batch. */
  get bytes(): number {
    return bytesOf(this.tensor ? [this.tensor] : []);
  }

  /**
   * The scales of the tokens of a batch [batch, ..., k]: [n, Σr], or [1, Σr] if all rows are
   * equal. Kept until a batch has another length: a CPU multiplies two tensors of one shape
   * fastest.
   * @throws ShapeError if the batch has another number of rows
   */
  forTokens({ shape }: tf.Tensor): tf.Tensor2D {
    const { rows, perRow, tensor } = this;
    if (perRow && shape[0] !== rows.length) {
      throw new ShapeError(
        `forRows: the batch must have ${rows.length} rows, one for each name, got [${shape.join(', ')}]. Give as many names, or activate one adapter for all rows.`,
      );
    }
    const tokens = perRow ? shape.slice(1, -1).reduce((product, size) => product * size, 1) : 1;
    if (tensor?.shape[0] === tokens * rows.length) return tensor;
    this.dispose();
    this.tensor = tf.tidy(() =>
      tf.keep(
        tf
          .tensor3d([rows as number[][]])
          .transpose([1, 0, 2])
          .tile([1, tokens, 1])
          .reshape<tf.Tensor2D>([tokens * rows.length, -1]),
      ),
    );
    return this.tensor;
  }

  dispose(): void {
    this.tensor?.dispose();
    this.tensor = null;
  }
}
