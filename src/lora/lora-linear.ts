import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../tensor/errors';
import { assertLastAxis, type LinearLayer, Module } from '../tensor/nn';
import { LoRALayer, type LoRAOptions } from './lora-layer';
import { adaptedForward } from './ops/adapted-forward';

/**
 * Creates the module (for DoRA, `Dora`) that is applied to (W0 + s B A) x [..., d] before b is
 * added. The layer owns it.
 */
export type Variant = (base: LinearLayer, lora: LoRALayer) => Module;

/** Options of an adapter on a linear layer. */
export interface LoRALinearOptions extends LoRAOptions {
  /** `dora`; LoRA unless given */
  variant?: Variant;
}

/**
 * h = W0 x + b + s B A x        (Hu et al. 2021, eq. 3)
 *
 * x [..., k], W0 [d, k], b [d], A [r, k], B [d, r] -> h [..., d]. A linear layer, the base, with an
 * adapter on it. The base is borrowed, not copied, and may have several adapters; `dispose()`
 * frees the adapter and leaves the base.
 */
export class LoRALinear extends Module {
  readonly base: LinearLayer;
  readonly lora: LoRALayer;
  /** f in h = f((W0 + s B A) x) + b; null for LoRA */
  readonly variant: Module | null;

  /** @throws ShapeError if the adapter's d and k are not the base's */
  constructor(base: LinearLayer, lora: LoRALayer, variant?: Variant) {
    super();
    assertFits('LoRALinear', base, lora);
    this.base = this.borrow('base', base);
    this.lora = this.addChild('lora', lora);
    this.variant = variant ? this.addChild('variant', variant(base, lora)) : null;
  }

  /** x [..., k] -> h [..., d]. @throws ShapeError if the last axis of x is not k */
  forward(x: tf.Tensor): tf.Tensor {
    this.assertAlive('LoRALinear.forward');
    assertLastAxis('LoRALinear.forward', x, this.base.inFeatures);
    const { base, lora, variant } = this;
    return tf.tidy(() => {
      if (variant) {
        const h = variant.forward(base.multiply(x).add(lora.forward(x)));
        return base.bias ? h.add(base.bias) : h;
      }
      // base.forward(x).add(lora.forward(x)), as one op: see ops/lora-linear.ts
      const { A, B } = lora.effectiveFactors();
      return adaptedForward(base, x, A, B, lora.scaling, lora.dropout);
    });
  }
}

/**
 * Puts a fresh adapter on a linear layer. Freeze the layer first (`freezeBaseModel`), or training
 * changes it too.
 * @throws ArgumentError if an option is out of range, DisposedError if the layer is disposed
 */
export function applyLoraToLinear(linear: LinearLayer, options: LoRALinearOptions): LoRALinear {
  linear.assertAlive('applyLoraToLinear');
  const { inFeatures, outFeatures } = linear;
  const lora = new LoRALayer({ ...options, inFeatures, outFeatures });
  return new LoRALinear(linear, lora, options.variant);
}

/** The inverse of `applyLoraToLinear`: frees the adapter and returns the base, unchanged. */
export function removeLoraFromLinear(loraLinear: LoRALinear): LinearLayer {
  loraLinear.dispose();
  return loraLinear.base;
}

/** @throws ShapeError if the adapter's d and k are not the layer's */
export function assertFits(caller: string, linear: LinearLayer, lora: LoRALayer): void {
  const { outFeatures: d, inFeatures: k } = linear;
  if (lora.outFeatures === d && lora.inFeatures === k) return;
  throw new ShapeError(
    `${caller}: the adapter must be [${d}, ${k}] like the layer's weight, got [${lora.outFeatures}, ${lora.inFeatures}].`,
  );
}
