import * as tf from '@tensorflow/tfjs';
import { assertOptions, assertPositiveIntegers, type OptionKeys, ShapeError } from '../errors';
import { Random } from '../runtime';
import { asMatrix } from './as-matrix';
import { LinearLayer } from './linear-layer';
import { frozenLinear } from './ops/frozen-linear';
import { linearProduct } from './ops/linear-product';

/** Options of a fresh layer, initialised from a seed. */
export interface LinearOptions {
  /** k, the last axis of the input */
  inFeatures: number;
  /** d, the last axis of the output */
  outFeatures: number;
  bias?: boolean;
  seed?: number;
}

const LINEAR_OPTIONS: OptionKeys<LinearOptions> = {
  inFeatures: 'required',
  outFeatures: 'required',
  bias: 'optional',
  seed: 'optional',
};

/** Weights for a layer; they are copied, and stay the caller's. */
export interface LinearWeights {
  /** W0 [d, k] */
  weight: tf.Tensor2D;
  /** b [d] */
  bias?: tf.Tensor1D | null;
}

const LINEAR_WEIGHTS: OptionKeys<LinearWeights> = { weight: 'required', bias: 'optional' };

/**
 * h = W0 x + b
 *
 * x [..., k], W0 [d, k], b [d] -> h [..., d]. A fresh layer starts as PyTorch's `nn.Linear`:
 * W0 and b from U(-1/√k, 1/√k).
 */
export class Linear extends LinearLayer {
  /** W0 [d, k] */
  readonly weight: tf.Variable<tf.Rank.R2>;
  /** b [d], or null */
  readonly bias: tf.Variable<tf.Rank.R1> | null;

  /** @throws ArgumentError if an option is unknown or a size not a positive integer, ShapeError if weights do not fit */
  constructor(options: LinearOptions | LinearWeights) {
    super();
    if ('weight' in options) {
      assertWeights(options);
      this.weight = this.shareParameter('weight', options.weight);
      this.bias = options.bias ? this.shareParameter('bias', options.bias) : null;
    } else {
      const { weight, bias } = drawWeights(options);
      this.weight = this.addParameter('weight', weight);
      this.bias = bias ? this.addParameter('bias', bias) : null;
    }
  }

  get inFeatures(): number {
    return this.weight.shape[1];
  }

  get outFeatures(): number {
    return this.weight.shape[0];
  }

  denseWeight(): tf.Tensor2D {
    return this.weight.clone();
  }

  override forward(x: tf.Tensor): tf.Tensor {
    if (this.weight.trainable) return super.forward(x);
    this.assertTakes(x);
    return asMatrix(x, (rows) => frozenLinear({ x: rows, weight: this.weight, bias: this.bias }));
  }

  multiplyRows(x: tf.Tensor2D): tf.Tensor2D {
    if (this.weight.trainable)
      return linearProduct({ x, weight: this.weight }, { transpose: true });
    return frozenLinear({ x, weight: this.weight, bias: null });
  }
}

function drawWeights(options: LinearOptions) {
  assertOptions('Linear', options, LINEAR_OPTIONS);
  const { inFeatures, outFeatures, bias = true, seed = 0 } = options;
  assertPositiveIntegers('Linear', { inFeatures, outFeatures });
  const random = new Random(seed);
  const bound = 1 / Math.sqrt(inFeatures);
  return {
    weight: random.uniform<tf.Rank.R2>([outFeatures, inFeatures], -bound, bound),
    bias: bias ? random.uniform<tf.Rank.R1>([outFeatures], -bound, bound) : null,
  };
}

function assertWeights(weights: LinearWeights): void {
  assertOptions('Linear', weights, LINEAR_WEIGHTS);
  const { weight, bias = null } = weights;
  if (shapeOf(weight)?.length !== 2) {
    throw new ShapeError(
      `Linear: weight must be a tensor [d, k], got ${inWords(weight)}. Its rows are the outputs.`,
    );
  }
  if (bias && String(shapeOf(bias)) !== String(weight.shape[0])) {
    throw new ShapeError(
      `Linear: bias must be [${weight.shape[0]}] to fit weight [${weight.shape.join(', ')}], got ${inWords(bias)}.`,
    );
  }
}

function shapeOf(given: unknown): number[] | undefined {
  return given instanceof tf.Tensor ? (given as tf.Tensor).shape : undefined;
}

function inWords(given: unknown): string {
  const shape = shapeOf(given);
  return shape ? `[${shape.join(', ')}]` : `${typeof given}, which is no tensor`;
}
