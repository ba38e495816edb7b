import * as tf from '@tensorflow/tfjs';
import { ArgumentError, assertFinite } from '../errors';
import type { HostLinear } from '../nn';
import { encodeFloat16 } from '../runtime';
import { denseHalves, halfMatMul } from './ops/half-matmul';
import { PackedLinear } from './packed-linear';

/** float16's largest number. */
const LARGEST = 65504;

/**
 * h = W x + b, W in float16
 *
 * x [..., k], W [d, k], b [d] -> h [..., d]. Half the memory of a `Linear` and, on a GPU, half the
 * reads; sums are in float32.
 */
export class HalfLinear extends PackedLinear {
  /** int32, two numbers a word; an odd last one is followed by 0 */
  readonly halves: tf.Variable<tf.Rank.R1>;
  /** b [d], or null */
  readonly bias: tf.Variable<tf.Rank.R1> | null;

  /**
   * Rounds to nearest, ties to even.
   * @throws ShapeError if there are not d · k weights or not d biases, NonFiniteError,
   *   ArgumentError if a weight is beyond float16's range
   */
  constructor({ weight, bias, outFeatures, inFeatures }: HostLinear) {
    super(outFeatures, inFeatures);
    this.assertHas(weight.length, bias && bias.length);
    assertFinite('HalfLinear', 'weight', weight);
    assertInRange(weight);
    this.halves = this.addFrozen('halves', tf.tensor1d(toWords(weight), 'int32'));
    this.bias = bias && this.addFrozen('bias', tf.tensor1d(bias));
  }

  get packedParameters(): tf.Variable[] {
    return [this.halves];
  }

  /** The weights that were given, rounded to float16. */
  denseWeight(): tf.Tensor2D {
    this.assertAlive('HalfLinear.denseWeight');
    return denseHalves(this.halves, [this.outFeatures, this.inFeatures]);
  }

  multiplyRows(x: tf.Tensor2D): tf.Tensor2D {
    const shape: [number, number] = [this.outFeatures, this.inFeatures];
    return halfMatMul({ x, halves: this.halves }, { shape, transpose: true });
  }
}

/**
 * Makes a layer in float16 of numbers on the host, so that a model is packed while it is loaded:
 * `loadModel(name, { linear: halfLinear })`.
 */
export function halfLinear(host: HostLinear): HalfLinear {
  return new HalfLinear(host);
}

/** Packs two numbers a word, the first in the low half: our machines are all little-endian. */
function toWords(values: Float32Array): Int32Array {
  const words = new Int32Array(Math.ceil(values.length / 2));
  new Uint16Array(words.buffer).set(Uint16Array.from(values, encodeFloat16));
  return words;
}

function assertInRange(weight: Float32Array): void {
  const large = weight.find((value) => Math.abs(value) > LARGEST);
  if (large === undefined) return;
  throw new ArgumentError(
    `HalfLinear: each weight must be at most ${LARGEST} in magnitude, float16's largest number, got ${large}. Keep the layer in float32.`,
  );
}
