import * as tf from '@tensorflow/tfjs';
import { adaptedForward, type LoRALayer } from '../../lora';
import { type LinearLayer, Module } from '../../tensor/nn';
import type { RowScales } from './row-scales';

/** Updates beside one layer, and which rows of a batch use which. */
export interface Mixture {
  /** by adapter name */
  updates: ReadonlyMap<string, LoRALayer>;
  /** each row's s at the ranks of the updates it uses; not owned */
  scales: RowScales;
}

/**
 * h = W0 x + b + B (s ⊙ A x)
 *
 * Several updates beside one base layer, in one product: A [Σr, k] and B [d, Σr] are those of all
 * updates, one below and one beside the other, and s is each row's own. That is n Σr (k + d)
 * multiplications for n rows of tokens, where sorting the rows by adapter needs n r (k + d) and a
 * product for each (SGMV, Chen et al. 2023, Punica): made for a few adapters, not for hundreds.
 * Base and updates are shared, and stay alive on `dispose()`.
 */
export class MixedLinear extends Module {
  constructor(
    readonly base: LinearLayer,
    private readonly mixture: Mixture,
  ) {
    super();
    this.borrow('base', base);
    for (const [name, update] of mixture.updates) this.borrow(`lora.${name}`, update);
  }

  /** x [batch, ..., k] -> h [batch, ..., d]. @throws ShapeError if the batch is another's */
  forward(x: tf.Tensor): tf.Tensor {
    const { updates, scales } = this.mixture;
    const s = scales.forTokens(x); // [n, Σr]
    return tf.tidy(() => {
      const each = [...updates.values()];
      const factors = each.map((update) => update.effectiveFactors());
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
      const update = tf.matMul(tf.concat(lows, 1).mul<tf.Tensor2D>(s), B, false, true); // [n, d]
      const product = this.base.multiply(x);
      const h = product.add(update.reshape(product.shape));
      return this.base.bias ? h.add(this.base.bias) : h;
    });
  }
}
