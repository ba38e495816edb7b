import * as tf from '@tensorflow/tfjs';
import type { Init, LoRALayer } from '../../lora';
import { type Embedding, Module } from '../../tensor/nn';

/** A = 0 and B ~ N(0, 1), PEFT's start on an embedding, where A is looked up. */
export const embeddingInit: Init = ([r, rows], random, width) => ({
  A: tf.zeros([r, rows]),
  B: random.normal<tf.Rank.R2>([width, r], 0, 1),
});

/**
 * h = E[i] + s B A[:, i]        (Hu et al. 2021, eq. 3, for an x that is 1 at i and else 0)
 *
 * ids [...] (int32), E [rows, width], A [r, rows], B [width, r] -> h [..., width]. An embedding
 * with an adapter on it. The embedding is borrowed; `dispose()` frees the adapter and leaves it.
 */
export class LoRAEmbedding extends Module {
  readonly base: Embedding;
  readonly lora: LoRALayer;
  /** Embeddings have no variants. */
  readonly variant = null;

  /** @param lora of as many inputs as E has rows, and as many outputs as its width */
  constructor(base: Embedding, lora: LoRALayer) {
    super();
    this.base = this.borrow('base', base);
    this.lora = this.addChild('lora', lora);
  }

  /** ids [...] (int32) -> h [..., width] */
  forward(ids: tf.Tensor): tf.Tensor {
    this.assertAlive('LoRAEmbedding.forward');
    return tf.tidy(() => {
      const { A, B } = this.lora.effectiveFactors();
      const low = columns(A, ids.flatten()); // [n, r]
      const added = tf.matMul(low, B, false, true).mul(this.lora.scaling);
      const h = this.base.forward(ids);
      return h.add(added.reshape(h.shape));
    });
  }
}

/**
 * A[:, i]: A [r, rows], ids [n] -> [n, r]. The gradient is a product: the op with which tfjs adds
 * up rows is missing on WebAssembly.
 */
function columns(A: tf.Tensor2D, ids: tf.Tensor): tf.Tensor2D {
  const rows = A.shape[1];
  const op = tf.customGrad<tf.Tensor2D>((A, save) => {
    const at = ids.cast('int32').flatten();
    (save as tf.GradSaveFunc)([at]);
    const value = tf.gather((A as tf.Tensor2D).transpose<tf.Tensor2D>(), at);
    const gradFunc = (dy: tf.Tensor2D, [at]: tf.Tensor[]) => {
      const chosen = tf.oneHot(at as tf.Tensor1D, rows).cast<tf.Tensor2D>('float32'); // [n, rows]
      return tf.matMul(dy, chosen, true); // [r, rows]
    };
    return { value, gradFunc };
  });
  return op(A);
}
