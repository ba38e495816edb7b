import type * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors';
import { LinearLayer, type ParameterCount } from '../nn';
import { bytesOf } from '../runtime';

/**
 * h = W x + b, W in fewer bits than float32
 *
 * Replaces a `Linear`: x [..., k], W [d, k], b [d] -> h [..., d]. Frozen: only x has a gradient. W is
 * never whole in float32.
 */
export abstract class PackedLinear extends LinearLayer {
  /** the tensors that hold W */
  abstract readonly packedParameters: readonly tf.Variable[];

  constructor(
    readonly outFeatures: number,
    readonly inFeatures: number,
  ) {
    super();
  }

  /** Counts each number of W, though several share a word. */
  override countOwnParameters(): ParameterCount {
    const weights = this.outFeatures * this.inFeatures;
    return { trainable: 0, total: weights + (this.bias?.size ?? 0) };
  }

  /** Bytes of the packed W, without the bias. */
  get weightBytes(): number {
    return bytesOf(this.packedParameters);
  }

  protected addFrozen(name: string, value: tf.Tensor1D): tf.Variable<tf.Rank.R1> {
    const parameter = this.addParameter(name, value);
    parameter.trainable = false;
    return parameter;
  }

  /** @throws ShapeError if there are not d · k weights or, unless null, not d biases */
  protected assertHas(weights: number, biases: number | null): void {
    const [d, k] = [this.outFeatures, this.inFeatures];
    if (weights === d * k && (biases === null || biases === d)) return;
    throw new ShapeError(
      `${this.constructor.name}: weight and bias must hold [${d}, ${k}] and [${d}] numbers, got ${weights} and ${biases ?? 'none'}.`,
    );
  }
}
