import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors';
import { asMatrix } from './as-matrix';
import { Module } from './module';

/**
 * h = W x + b. Base class of all linear layers, whatever W is stored in; each can have an adapter.
 *
 * x [..., k], W [d, k], b [d] -> h [..., d]
 */
export abstract class LinearLayer extends Module {
  /** b [d], or null */
  abstract readonly bias: tf.Variable<tf.Rank.R1> | null;

  /** k */
  abstract get inFeatures(): number;

  /** d */
  abstract get outFeatures(): number;

  /** W [d, k] in float32, owned by the caller. */
  abstract denseWeight(): tf.Tensor2D;

  /** x Wᵀ: x [n, k] -> [n, d] */
  abstract multiplyRows(x: tf.Tensor2D): tf.Tensor2D;

  /** x [..., k] -> h [..., d]. @throws ShapeError if the last axis of x is not k */
  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      const product = this.multiply(x);
      return this.bias ? product.add(this.bias) : product;
    });
  }

  /** W x, without b: x [..., k] -> [..., d]. @throws ShapeError if the last axis of x is not k */
  multiply(x: tf.Tensor): tf.Tensor {
    this.assertTakes(x);
    return asMatrix(x, (rows) => this.multiplyRows(rows));
  }

  /** @throws ShapeError if the last axis of x is not k, DisposedError if the layer is freed */
  protected assertTakes(x: tf.Tensor): void {
    const caller = `${this.constructor.name}.forward`;
    this.assertAlive(caller);
    assertLastAxis(caller, x, this.inFeatures);
  }
}

/** @throws ShapeError if the last axis of x is not k */
export function assertLastAxis(caller: string, x: tf.Tensor, k: number): void {
  if (x.shape.at(-1) === k) return;
  throw new ShapeError(
    `${caller}: the last axis of x must be ${k} (the layer's inFeatures), got shape [${x.shape.join(', ')}].`,
  );
}
