import * as tf from '@tensorflow/tfjs';
import { assertLastAxis, type Linear, Module } from '../nn';
import { ShapeError } from '../runtime';
import { loraLinear } from './kernels/lora-linear';
import type { LoRAOptions } from './lora-layer';
import { LoRALayer } from './lora-layer';

/**
 * h = W0 x + b + s B A x        (Hu et al. 2021, eq. 3)
 *
 * A base layer with a low-rank update beside it. The base is shared, not copied: many of these
 * can stand on one. `dispose()` frees the update and leaves the base.
 */
export class LoRALinear extends Module {
  readonly base: Linear;
  readonly lora: LoRALayer;

  /** @throws ShapeError if the update does not fit the base */
  constructor(base: Linear, lora: LoRALayer) {
    super();
    assertFits('LoRALinear', base, lora);
    this.base = this.addChild('base', base);
    this.lora = this.addChild('lora', lora);
  }

  override get isDisposed(): boolean {
    return this.lora.isDisposed;
  }

  override dispose(): void {
    this.lora.dispose();
  }

  /** x [..., k] -> h [..., d]. @throws ShapeError if the last axis of x is not k */
  forward(x: tf.Tensor): tf.Tensor {
    this.assertAlive('LoRALinear.forward');
    assertLastAxis('LoRALinear.forward', x, this.base.inFeatures);
    const { weight, bias } = this.base;
    return tf.tidy(() => {
      const { A, B } = this.lora.factors();
      return loraLinear(x, weight, bias, A, B, this.lora.scaling);
    });
  }

  override assertAlive(caller: string): void {
    this.base.assertAlive(caller);
    this.lora.assertAlive(caller);
  }
}

/**
 * Puts a fresh low-rank update beside a linear layer. Freeze the layer first
 * (`freezeBaseModel`), or training changes it too.
 * @throws ArgumentError if an option is out of range, DisposedError if the layer is disposed
 */
export function applyLoraToLinear(linear: Linear, options: LoRAOptions): LoRALinear {
  linear.assertAlive('applyLoraToLinear');
  const { inFeatures, outFeatures } = linear;
  return new LoRALinear(linear, new LoRALayer({ ...options, inFeatures, outFeatures }));
}

/** The inverse of `applyLoraToLinear`: frees the update and hands back the untouched base. */
export function removeLoraFromLinear(loraLinear: LoRALinear): Linear {
  loraLinear.dispose();
  return loraLinear.base;
}

/** @throws ShapeError if the update's d and k are not the layer's */
export function assertFits(caller: string, linear: Linear, lora: LoRALayer): void {
  const [d, k] = linear.weight.shape;
  if (lora.outFeatures === d && lora.inFeatures === k) return;
  throw new ShapeError(
    `${caller}: the update must be [${d}, ${k}] like the layer's weight, got [${lora.outFeatures}, ${lora.inFeatures}].`,
  );
}
