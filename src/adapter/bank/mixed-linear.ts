import * as tf from '@tensorflow/tfjs';
import { adaptedForward, type LoRALayer } from '../../lora';
import { type LinearLayer, Module } from '../../tensor/nn';
import type { RowScales } from './row-scales';

/** The adapters on one layer, and the rows of a batch that use each. */
export interface Mixture {
  /** by adapter name */
  adapters: ReadonlyMap<string, LoRALayer>;
  /** s of each row at the ranks of its adapters; not owned */
  scales: RowScales;
}

/**
 * h = W0 x + b + B (s ⊙ A x)
 *
 * Several adapters on one layer, in one product: A [Σr, k] holds the A of all adapters, stacked,
 * B [d, Σr] their B side by side, and s [n, Σr] differs by row. That is n Σr (k + d)
 * multiplications for n rows of tokens; sorting the rows by adapter needs n r (k + d) and one
 * product per adapter (SGMV, Chen et al. 2023, Punica). It suits a few adapters, not hundreds.
 * Base and adapters are borrowed.
 */
export class MixedLinear extends Module {
  constructor(
    readonly base: LinearLayer,
    private readonly mixture: Mixture,
  ) {
    super();
    this.borrow('base', base);
    for (const [name, lora] of mixture.adapters) this.borrow(`lora.${name}`, lora);
  }

  /** x [batch, ..., k] -> h [batch, ..., d]. @throws ShapeError if the batch has another size */
  forward(x: tf.Tensor): tf.Tensor {
    const { adapters, scales } = this.mixture;
    const s = scales.forTokens(x); // [n, Σr]
    return tf.tidy(() => {
      const each = [...adapters.values()];
      const factors = each.map((lora) => lora.effectiveFactors());
      const B = tf.concat(
        factors.map(({ B }) => B),
        1,
      ); // [d, Σr]
      if (!each.some(({ dropout }) => dropout.isActive)) {
        const A = tf.concat(factors.map(({ A }) => A)); // [Σr, k]
        return adaptedForward(this.base, x, A, B, s);
      }
      const lows = each.map(({ dropout, inFeatures }, i) => {
        const rows = dropout.forward(x).reshape<tf.Tensor2D>([-1, inFeatures]);
        return tf.matMul(rows, factors[i]?.A as tf.Tensor2D, false, true); // [n, r]
      });
      const added = tf.matMul(tf.concat(lows, 1).mul<tf.Tensor2D>(s), B, false, true); // [n, d]
      const product = this.base.multiply(x);
      const h = product.add(added.reshape(product.shape));
      return this.base.bias ? h.add(this.base.bias) : h;
    });
  }
}
