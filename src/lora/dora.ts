import * as tf from '@tensorflow/tfjs';
import { type LinearLayer, Module } from '../tensor/nn';
import type { LoRALayer } from './lora-layer';
import type { Variant } from './variant';

/** The least norm of a row. */
const FLOOR = 1e-12;

/**
 * W = m ⊙ (W0 + s B A) / ‖W0 + s B A‖        (DoRA, Liu et al. 2024, eq. 5)
 *
 * m [d] is a magnitude for each output, ‖·‖ [d] are the norms of the rows. m starts as these
 * norms, so W = W0 at first. The gradient treats the norms as constants (section 4.3).
 *
 * A norm is 1e-12 or more: a row of zeros, as pruned models have them, stays 0 at first and can
 * learn. PEFT 0.21 divides 0 by 0 there, and its loss is NaN from the first step.
 */
export class Dora extends Module {
  /** m [d] */
  readonly magnitude: tf.Variable<tf.Rank.R1>;
  private readonly norms: () => tf.Tensor1D;

  constructor(base: LinearLayer, lora: LoRALayer) {
    super();
    this.norms = () =>
      tf.tidy(() => {
        const squares = base.denseWeight().add(lora.deltaWeight()).square();
        return squares.sum(1).sqrt().maximum(FLOOR).as1D();
      });
    this.magnitude = this.addParameter('magnitude', this.norms());
  }

  /** h ⊙ m / ‖W0 + s B A‖, for h = (W0 + s B A) x: [..., d] -> [..., d] */
  forward(h: tf.Tensor): tf.Tensor {
    this.assertAlive('Dora.forward');
    return tf.tidy(() => h.mul(this.magnitude.div(withoutGradient(this.norms))));
  }
}

/** Makes a `LoRALinear` a DoRA layer: `injectLora(model, { variant: dora, ... })`. */
export const dora: Variant = (base, lora) => new Dora(base, lora);

/** Runs in a custom gradient without inputs, which keeps the computation off the tape. */
function withoutGradient(compute: () => tf.Tensor1D): tf.Tensor1D {
  return tf.customGrad<tf.Tensor1D>(() => ({ value: compute(), gradFunc: () => [] }))();
}
