import { BASE } from '../../../course/shipped';
import { loadModel } from '../../../model';
import type { LanguageModel } from '../../../model/transformer';
import { Linear, modulesOf } from '../../../tensor/nn';
import { dequantize, quantize } from '../../../tensor/quant';
import { read } from '../../../tensor/runtime';
import { round } from '../../measure';

const BLOCK = 64;

/** The error of rounding all linear weights of the shipped base. */
export interface QuantizationError {
  type: 'nf4' | 'fp4' | 'int4';
  doubleQuantize: boolean;
  bitsPerWeight: number;
  /** √(Σ (w - ŵ)² / Σ w²) */
  relativeError: number;
}

/** Measures NF4, FP4 and evenly spaced levels in blocks of 64, with scales in float32 and in 8 bits. */
export async function quantizationErrors(): Promise<QuantizationError[]> {
  const model = await loadModel(BASE);
  const weights = await Promise.all(linearWeights(model));
  model.dispose();
  const errorOf = (restore: (w: Float32Array) => Float32Array) =>
    round(relativeError(weights, weights.map(restore)), 5);
  const rows = (['nf4', 'fp4'] as const).flatMap((type) =>
    [false, true].map((doubleQuantize): QuantizationError => {
      const options = { type, blockSize: BLOCK, doubleQuantize };
      const bitsPerWeight = round(4 + (doubleQuantize ? 8 + 32 / 256 : 32) / BLOCK, 4);
      const relative = errorOf((w) => dequantize(quantize(w, options)));
      return { type, doubleQuantize, bitsPerWeight, relativeError: relative };
    }),
  );
  const even = { bitsPerWeight: 4.5, relativeError: errorOf(roundEvenly) };
  return [...rows, { type: 'int4', doubleQuantize: false, ...even }];
}

function linearWeights(model: LanguageModel): Promise<Float32Array>[] {
  return [...modulesOf(model, Linear).values()].map(({ weight }) => read(weight));
}

/** To -7, -6, ..., 7 times a seventh of the block's largest magnitude. */
function roundEvenly(weights: Float32Array): Float32Array {
  const rounded = new Float32Array(weights.length);
  for (let start = 0; start < weights.length; start += BLOCK) {
    const block = weights.subarray(start, start + BLOCK);
    const step = block.reduce((max, w) => Math.max(max, Math.abs(w)), 0) / 7 || 1;
    rounded.set(
      block.map((w) => step * Math.round(w / step)),
      start,
    );
  }
  return rounded;
}

function relativeError(weights: Float32Array[], rounded: Float32Array[]): number {
  let [error, size] = [0, 0];
  for (const [i, layer] of weights.entries()) {
    for (const [j, w] of layer.entries()) {
      error += (w - (rounded[i]?.[j] ?? NaN)) ** 2;
      size += w ** 2;
    }
  }
  return Math.sqrt(error / size);
}
