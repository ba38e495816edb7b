import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../tensor/errors';
import { assertLastAxis, type LinearLayer, Module } from '../tensor/nn';
import { LoRALayer, type LoRAOptions } from './lora-layer';
import { adaptedForward } from './ops/adapted-forward';

/** Makes what (W0 + s B A) x [..., d] goes through before b is added; the layer owns it. */
export type Variant = (base: LinearLayer, lora: LoRALayer) => Module;

/** An update's options, and what becomes of it beside a layer. */
export interface LoRALinearOptions extends LoRAOptions {
  /** `dora`; plain LoRA without */
  variant?: Variant;
}

/**
 * h = W0 x + b + s B A x        (Hu et al. 2021, eq. 3)
 *
 * A base layer with a low-rank update beside it. The base is shared, not copied: many of these
 * can stand on one. `dispose()` frees the update and leaves the base.
 */
export class LoRALinear extends Module {
  readonly base: LinearLayer;
  readonly lora: LoRALayer;
  /** f in h = f((W0 + s B A) x) + b */
  readonly rescale: Module | null;

  /** @throws ShapeError if the update does not fit the base */
  constructor(base: LinearLayer, lora: LoRALayer, variant?: Variant) {
    super();
    assertFits('LoRALinear', base, lora);
    this.base = this.borrow('base', base);
    this.lora = this.addChild('lora', lora);
    this.rescale = variant ? this.addChild('rescale', variant(base, lora)) : null;
  }

  /** x [..., k] -> h [..., d]. @throws ShapeError if the last axis of x is not k */
  forward(x: tf.Tensor): tf.Tensor {
    this.assertAlive('LoRALinear.forward');
    assertLastAxis('LoRALinear.forward', x, this.base.inFeatures);
    const { base, lora, rescale } = this;
    return tf.tidy(() => {
      if (!rescale) {
        const { A, B } = lora.effectiveFactors();
        return adaptedForward(base, x, A, B, lora.scaling, lora.dropout);
      }
      const h = rescale.forward(base.multiply(x).add(lora.forward(x)));
      return base.bias ? h.add(base.bias) : h;
    });
  }
}

/**
 * Puts a fresh low-rank update beside a linear layer. Freeze the layer first
 * (`freezeBaseModel`), or training changes it too.
 * @throws ArgumentError if an option is out of range, DisposedError if the layer is disposed
 */
export function applyLoraToLinear(linear: LinearLayer, options: LoRALinearOptions): LoRALinear {
  linear.assertAlive('applyLoraToLinear');
  const { inFeatures, outFeatures } = linear;
  const lora = new LoRALayer({ ...options, inFeatures, outFeatures });
  return new LoRALinear(linear, lora, options.variant);
}

/** The inverse of `applyLoraToLinear`: frees the update and hands back the untouched base. */
export function removeLoraFromLinear(loraLinear: LoRALinear): LinearLayer {
  loraLinear.dispose();
  return loraLinear.base;
}

/** @throws ShapeError if the update's d and k are not the layer's */
export function assertFits(caller: string, linear: LinearLayer, lora: LoRALayer): void {
  const { outFeatures: d, inFeatures: k } = linear;
  if (lora.outFeatures === d && lora.inFeatures === k) return;
  throw new ShapeError(
    `${caller}: the update must be [${d}, ${k}] like the layer's weight, got [${lora.outFeatures}, ${lora.inFeatures}].`,
  );
}
