import * as tf from '@tensorflow/tfjs';
import { ArgumentError } from '../errors';
import { type HostIntegers, type HostLinear, Linear, type LinearLayer } from '../nn';
import { read } from '../runtime';
import { dequantizeWeight, type QuantizedLayout } from './ops/dequantize-weight';
import { quantizedMatMul } from './ops/quantized-matmul';
import { packedForm } from './packed-form';
import { PackedLinear } from './packed-linear';
import { assertQuantizeOptions, quantize, type Quantized, type QuantizeOptions } from './quantize';

/** A layer's weight in 4 or 8 bits; the bias is copied, and stays the caller's. */
export interface QuantizedWeights {
  /** W [d, k], row by row; of integers each row is whole blocks */
  weight: Quantized | HostIntegers;
  outFeatures: number;
  inFeatures: number;
  /** b [d] */
  bias?: tf.Tensor1D | null;
}

/**
 * h = W x + b, W in 4 bits, or in integers of 4 or 8 bits        (Dettmers et al. 2023, eq. 5, without its adapter)
 *
 * x [..., k], W [d, k], b [d] -> h [..., d]
 */
export class QuantizedLinear extends PackedLinear {
  /** int32, the bytes of the codes; then those of the scales, if they are in 8 bits */
  readonly packed: tf.Variable<tf.Rank.R1>;
  /** float32, one for each block of weights, then their offsets, if any; or of scales in 8 bits, and their offset */
  readonly scales: tf.Variable<tf.Rank.R1>;
  /** b [d], or null */
  readonly bias: tf.Variable<tf.Rank.R1> | null;
  /** how `packed` holds W */
  readonly layout: QuantizedLayout;

  /** @throws ShapeError if there are not d · k weights or not d biases */
  constructor({ weight, outFeatures, inFeatures, bias = null }: QuantizedWeights) {
    super(outFeatures, inFeatures);
    const { length, words, floats, ...form } = packedForm(weight);
    this.assertHas(length, bias && bias.size);
    this.layout = { shape: [outFeatures, inFeatures], ...form };
    this.packed = this.addFrozen('packed', tf.tensor1d(words, 'int32'));
    this.scales = this.addFrozen('scales', tf.tensor1d(floats, 'float32'));
    this.bias = bias && this.addFrozen('bias', bias.clone());
  }

  get packedParameters(): tf.Variable[] {
    return [this.packed, this.scales];
  }

  /** The weights that the codes mean: the inverse of `quantizeLinear` up to its rounding. */
  denseWeight(): tf.Tensor2D {
    this.assertAlive('QuantizedLinear.denseWeight');
    return dequantizeWeight(this.packed, this.scales, this.layout);
  }

  multiplyRows(x: tf.Tensor2D): tf.Tensor2D {
    const { packed, scales, layout } = this;
    return quantizedMatMul({ x, packed, scales }, { ...layout, transpose: true });
  }
}

/**
 * Makes a new layer with the weight of `linear` in 4 bits, owned by the caller; `linear` stays.
 * @throws ArgumentError on an option out of range, NonFiniteError, DisposedError
 */
export async function quantizeLinear(
  linear: Linear,
  options: QuantizeOptions = {},
): Promise<QuantizedLinear> {
  linear.assertAlive('quantizeLinear');
  assertQuantizeOptions('quantizeLinear', options);
  const { outFeatures, inFeatures, bias } = linear;
  const weight = quantize(await read(linear.weight), options);
  return new QuantizedLinear({ weight, outFeatures, inFeatures, bias });
}

/**
 * Gives a function that makes a layer in 4 bits of numbers on the host, so that a model is quantised
 * while it is loaded: `loadModel(name, { linear: quantizedLinear() })`.
 * @throws ArgumentError on an option unknown or out of range
 */
export function quantizedLinear(
  options: QuantizeOptions = {},
): (host: HostLinear) => QuantizedLinear {
  if ('outFeatures' in options) {
    throw new ArgumentError(
      'quantizedLinear: options must be those of quantize, got a weight. Call it: linear: quantizedLinear().',
    );
  }
  assertQuantizeOptions('quantizedLinear', options);
  return ({ weight, bias, outFeatures, inFeatures }) =>
    withBias(bias, (tensor) => {
      const codes = quantize(weight, options);
      return new QuantizedLinear({ weight: codes, bias: tensor, outFeatures, inFeatures });
    });
}

/**
 * Makes a layer that keeps W in the integers that its file has, exactly: `loadModel('model.gguf', {
 * linear: packedLinear })`. A layer of which the file has floats becomes a `Linear`.
 */
export function packedLinear(host: HostLinear): LinearLayer {
  const { weight, integers, bias, outFeatures, inFeatures } = host;
  return withBias(bias, (tensor) => {
    if (integers) {
      return new QuantizedLinear({ weight: integers, bias: tensor, outFeatures, inFeatures });
    }
    const matrix = tf.tensor2d(weight, [outFeatures, inFeatures]);
    const layer = new Linear({ weight: matrix, bias: tensor });
    matrix.dispose();
    return layer;
  });
}

/** Makes a layer with a bias, or with none, and frees the tensor of it. */
function withBias<L>(values: Float32Array | null, make: (bias: tf.Tensor1D | null) => L): L {
  const bias = values && tf.tensor1d(values);
  try {
    return make(bias);
  } finally {
    bias?.dispose();
  }
}
