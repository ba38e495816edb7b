import { ArgumentError, assertFinite, assertOptions, type OptionKeys } from '../errors';
import { codebook, dequantizeBlocks, quantizeBlocks } from './blockwise';
import { dynamicLevels, LEVELS, type QuantizationType } from './levels';

/** How numbers are stored in 4 bits. */
export interface QuantizeOptions {
  type?: QuantizationType;
  /** numbers that share a scale: a power of two from 32 to 4096 */
  blockSize?: number;
  /** store the scales in 8 bits too */
  doubleQuantize?: boolean;
}

const OPTIONS: OptionKeys<QuantizeOptions> = {
  type: 'optional',
  blockSize: 'optional',
  doubleQuantize: 'optional',
};

/** Scales in 8 bits: levels[code] · scale of its block of 256, plus the offset. */
export interface QuantizedScales {
  codes: Uint8Array;
  /** one for every 256 codes */
  scales: Float32Array;
  /** the mean of the scales, float32 */
  offset: number;
}

/** Numbers in 4 bits. */
export interface Quantized {
  type: QuantizationType;
  blockSize: number;
  /** how many numbers */
  length: number;
  /** two codes a byte, the first in the high half; an odd last one is followed by a zero's code */
  packed: Uint8Array;
  /** the largest magnitude of each block, or that in 8 bits */
  scales: Float32Array | QuantizedScales;
}

const BLOCK_SIZES = [32, 64, 128, 256, 512, 1024, 2048, 4096];

/** Codes of 8 bits that share a scale, in bitsandbytes. */
export const SCALES_BLOCK = 256;
/** The levels of their codes. */
export const SCALE_LEVELS = dynamicLevels();
const SCALE_BOOK = codebook(SCALE_LEVELS);
const BOOKS = { nf4: codebook(LEVELS.nf4), fp4: codebook(LEVELS.fp4) };

/**
 * Quantises numbers to 4 bits by blocks (Dettmers et al. 2023): each is stored as the nearest of 16 levels,
 * relative to the largest magnitude of its block. Equal to bitsandbytes' `quantize_4bit` to the
 * bit, but that the mean of the scales is summed in float64.
 *
 * Bits a number: 4 + 32 / blockSize, with doubleQuantize 4 + (8 + 32 / 256) / blockSize.
 * @throws ArgumentError on an option unknown or out of range or no numbers, NonFiniteError
 */
export function quantize(values: Float32Array, options: QuantizeOptions = {}): Quantized {
  assertQuantizeOptions('quantize', options);
  const { type = 'nf4', blockSize = 64, doubleQuantize = false } = options;
  if (values.length === 0) {
    throw new ArgumentError('quantize: values must be one number or more, got none.');
  }
  assertFinite('quantize', 'values', values);
  const { codes, scales } = quantizeBlocks(values, blockSize, BOOKS[type]);
  return {
    type,
    blockSize,
    length: values.length,
    packed: packCodes(codes, LEVELS[type].indexOf(0)),
    scales: doubleQuantize ? quantizeScales(scales) : scales,
  };
}

/** Gives the numbers that 4 bits mean, in float32: the inverse of `quantize` up to its rounding. */
export function dequantize(quantized: Quantized): Float32Array {
  const { type, blockSize, length, packed, scales } = quantized;
  const codes = unpackCodes(packed, length);
  return dequantizeBlocks({ codes, scales: dequantizeScales(scales) }, blockSize, LEVELS[type]);
}

function quantizeScales(scales: Float32Array): QuantizedScales {
  const offset = Math.fround(scales.reduce((sum, scale) => sum + scale, 0) / scales.length);
  const centred = scales.map((scale) => scale - offset);
  return { ...quantizeBlocks(centred, SCALES_BLOCK, SCALE_BOOK), offset };
}

function dequantizeScales(scales: Quantized['scales']): Float32Array {
  if (scales instanceof Float32Array) return scales;
  const { offset } = scales;
  return dequantizeBlocks(scales, SCALES_BLOCK, SCALE_LEVELS).map((scale) => scale + offset);
}

function packCodes(codes: Uint8Array, zero: number): Uint8Array {
  return Uint8Array.from({ length: Math.ceil(codes.length / 2) }, (_, i) => {
    const [high = zero, low = zero] = codes.subarray(2 * i, 2 * i + 2);
    return (high << 4) | low;
  });
}

function unpackCodes(packed: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => {
    const byte = packed[i >> 1] as number;
    return i % 2 === 0 ? byte >> 4 : byte & 15;
  });
}

/** @throws ArgumentError, in the caller's name, if an option is unknown or out of range */
export function assertQuantizeOptions(caller: string, options: QuantizeOptions): void {
  assertOptions(caller, options, OPTIONS);
  const { type = 'nf4', blockSize = 64 } = options;
  const faults = [
    ...(Object.hasOwn(LEVELS, type) ? [] : [`type must be nf4 or fp4, got ${type}`]),
    ...(BLOCK_SIZES.includes(blockSize)
      ? []
      : [`blockSize must be one of ${BLOCK_SIZES.join(', ')}, got ${blockSize}`]),
  ];
  if (faults.length > 0) throw new ArgumentError(`${caller}: ${faults.join('; ')}.`);
}
