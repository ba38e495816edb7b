import * as tf from '@tensorflow/tfjs';
import {
  ArgumentError,
  assertOptions,
  kindOf,
  type OptionKeys,
  ShapeError,
} from '../tensor/errors';
import { assertLastAxis, type LinearLayer, Module } from '../tensor/nn';
import { LORA_OPTIONS, LoRALayer, type LoRAOptions } from './lora-layer';
import { adaptedForward } from './ops/adapted-forward';
import { makeVariant, type Variant } from './variant';

/** Options of an adapter on a linear layer. */
export interface LoRALinearOptions extends LoRAOptions {
  /** `dora`; LoRA unless given */
  variant?: Variant;
}

export const LORA_LINEAR_OPTIONS: OptionKeys<LoRALinearOptions> = {
  ...LORA_OPTIONS,
  variant: 'optional',
};

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
    const made = variant === undefined ? null : makeVariant(variant, base, lora);
    this.base = this.borrow('base', base);
    this.lora = this.addChild('lora', lora);
    this.variant = made && this.addChild('variant', made);
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
 * @throws ArgumentError if an option is unknown or out of range, or the layer is not linear, as one
 *   with an adapter is not; DisposedError if it is disposed; what `init` and `variant` throw
 */
export function applyLoraToLinear(linear: LinearLayer, options: LoRALinearOptions): LoRALinear {
  assertLinear('applyLoraToLinear', linear);
  assertOptions('applyLoraToLinear', options, LORA_LINEAR_OPTIONS);
  const { inFeatures, outFeatures } = linear;
  const { variant, ...rest } = options;
  const lora = new LoRALayer({ ...rest, inFeatures, outFeatures });
  try {
    return new LoRALinear(linear, lora, variant);
  } catch (error) {
    lora.dispose();
    throw error;
  }
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

// By what they can do, not by class: a notebook's reload() makes new classes, and layers are older.
function assertLinear(caller: string, given: LinearLayer | undefined): void {
  if (typeof given?.multiplyRows === 'function') return given.assertAlive(caller);
  const advice =
    given instanceof LoRALinear ? ' Put it on the base (layer.base), or merge the first.' : '';
  throw new ArgumentError(
    `${caller}: linear must be a linear layer without an adapter, got ${kindOf(given)}.${advice}`,
  );
}
