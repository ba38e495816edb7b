import { normalQuantile } from '../judge';

/** The 16 levels of NF4: quantiles of the normal distribution, the largest scaled to 1. */
export function nf4Levels(): number[] {
  const delta = (1 / 32 + 1 / 30) / 2;
  const quantiles = (n: number, from: number, to: number) =>
    Array.from({ length: n }, (_, i) => normalQuantile(from + ((to - from) * i) / (n - 1)));
  const belowAndZero = quantiles(8, delta, 0.5);
  const above = quantiles(9, 0.5, 1 - delta).slice(1); // zero is there already
  return [...belowAndZero, ...above].map((level) => level / normalQuantile(1 - delta));
}

/** Per block a scale, its largest |w|; per weight the index of the level nearest to w / scale. */
export function quantizeBlocks(
  w: Float32Array,
  levels: number[],
  blockSize: number,
): { codes: number[]; scales: number[] } {
  const codes: number[] = [];
  const scales: number[] = [];
  for (let start = 0; start < w.length; start += blockSize) {
    const block = w.slice(start, start + blockSize);
    const scale = Math.max(...block.map(Math.abs));
    scales.push(scale);
    for (const value of block) codes.push(nearest(levels, scale === 0 ? 0 : value / scale));
  }
  return { codes, scales };
}

/** level × scale for every code. */
export function dequantizeBlocks(
  codes: number[],
  scales: number[],
  levels: number[],
  blockSize: number,
): number[] {
  return codes.map((code, i) => {
    const scale = scales[Math.floor(i / blockSize)] ?? NaN;
    return scale * (levels[code] ?? NaN);
  });
}

function nearest(levels: number[], value: number): number {
  const distances = levels.map((level) => Math.abs(level - value));
  return distances.indexOf(Math.min(...distances));
}
