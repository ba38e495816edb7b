import * as tf from '@tensorflow/tfjs';
import { ArgumentError } from '../errors';
import type { HostLinear, Linear } from '../nn';
import { read } from '../runtime';
import { dequantizeWeight, type QuantizedLayout } from './ops/dequantize-weight';
import { quantizedMatMul } from './ops/quantized-matmul';
import { PackedLinear } from './packed-linear';
import { assertQuantizeOptions, quantize, type Quantized, type QuantizeOptions } from './quantize';

/** A layer's weight in 4 bits; the bias is copied, and stays the caller's. */
export interface QuantizedWeights {
  /** W [d, k], row by row */
  weight: Quantized;
  outFeatures: number;
  inFeatures: number;
  /** b [d] */
  bias?: tf.Tensor1D | null;
}

/**
 * h = W x + b, W in 4 bits        (Dettmers et al. 2023, eq. 5, without its adapter)
 *
 * x [..., k], W [d, k], b [d] -> h [..., d]
 */
export class QuantizedLinear extends PackedLinear {
  /** int32, the bytes of the codes; then those of the scales, if they are in 8 bits */
  readonly packed: tf.Variable<tf.Rank.R1>;
  /** float32, one for each block of weights; or of scales in 8 bits, and then their offset */
  readonly scales: tf.Variable<tf.Rank.R1>;
  /** b [d], or null */
  readonly bias: tf.Variable<tf.Rank.R1> | null;
  /** how `packed` holds W */
  readonly layout: QuantizedLayout;

  /** @throws ShapeError if there are not d · k weights or not d biases */
  constructor({ weight, outFeatures, inFeatures, bias = null }: QuantizedWeights) {
    super(outFeatures, inFeatures);
    this.assertHas(weight.length, bias && bias.size);
    const { type, blockSize, packed, scales } = weight;
    const inBytes = scales instanceof Float32Array ? null : scales;
    const floats = inBytes ? [...inBytes.scales, inBytes.offset] : (scales as Float32Array);
    const words = toWords([packed, inBytes?.codes ?? new Uint8Array(0)]);
    this.layout = {
      shape: [outFeatures, inFeatures],
      type,
      blockSize,
      scalesInBytes: inBytes !== null,
    };
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
  return ({ weight, bias: values, ...sizes }) => {
    const bias = values && tf.tensor1d(values);
    try {
      return new QuantizedLinear({ weight: quantize(weight, options), bias, ...sizes });
    } finally {
      bias?.dispose();
    }
  };
}

/** Puts bytes one after another into int32 words; each part starts at a word. */
function toWords(parts: Uint8Array[]): Int32Array {
  const sizes = parts.map((part) => Math.ceil(part.length / 4));
  const words = new Int32Array(sizes.reduce((sum, size) => sum + size, 0));
  let start = 0;
  for (const [i, part] of parts.entries()) {
    new Uint8Array(words.buffer).set(part, 4 * start);
    start += sizes[i] as number;
  }
  return words;
}
