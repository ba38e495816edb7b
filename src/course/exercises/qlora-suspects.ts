import { mean } from '../measure';
import { list, type Suspects } from '../judge';

interface Blocks {
  levels: number[];
  blockSize: number;
  codes: number[];
  scales: number[];
}

/** Blocks with the weights they come from. */
interface Weights extends Blocks {
  w: Float32Array;
}

/** In a paper's blocks of 64 this is right, so it stands before what is the same in others. */
const FIXED = 'blocks of 64, always: their size is an argument, blockSize';

/** Computes wrong scales, keyed by the mistake that leads to them. */
export function scaleSuspects({ w, blockSize, scales }: Weights): Suspects {
  const blocksOf = (size: number) =>
    Array.from({ length: Math.ceil(w.length / size) }, (_, b) =>
      Array.from(w.slice(b * size, (b + 1) * size)),
    );
  const perBlock = (of: (block: number[]) => number) => list(blocksOf(blockSize).map(of));
  const most = Math.max(...scales);
  const spread = (block: number[]) => Math.sqrt(mean(block.map((value) => value * value)));
  const whole = scales.slice(0, Math.floor(w.length / blockSize));
  return {
    [FIXED]: list(blocksOf(64).map((block) => Math.max(...block.map(Math.abs)))),
    'one scale for the whole weight: each block has its own': list([most]),
    'every block has the scale of the whole weight': perBlock(() => most),
    'the largest value instead of the largest |w|': perBlock((block) => Math.max(...block)),
    'the mean |w| instead of the largest': perBlock((block) => mean(block.map(Math.abs))),
    'the root mean square of the block instead of its largest |w|': perBlock(spread),
    'upside down: 1 / scale': list(scales.map((scale) => 1 / scale)),
    'divided by 7, as for evenly spaced 4-bit levels: these levels end at 1': list(
      scales.map((s) => s / 7),
    ),
    'the last, shorter block is missing': list(whole),
    'the blocks are one weight too long or too short: the next starts at start + blockSize': [
      blockSize - 1,
      blockSize + 1,
    ].map((size) => list(blocksOf(size).map((block) => Math.max(...block.map(Math.abs))))),
    'one block too many: an empty one comes after the last': [0, -Infinity].map((none) =>
      list([...scales, none]),
    ),
    'the last weight of each block is left out: w.slice(start, end) ends before end': perBlock(
      (block) => Math.max(...block.slice(0, -1).map(Math.abs)),
    ),
    'the first weight of each block is left out': perBlock((block) =>
      Math.max(...block.slice(1).map(Math.abs)),
    ),
    'w.slice(start, blockSize) takes blockSize as the end, not as a length: write w.slice(start, start + blockSize)':
      [0, -Infinity].map((none) => list(scales.map((scale, b) => (b === 0 ? scale : none)))),
    'a block of zeros: its scale is 0, its largest |w|': [NaN, 1, Infinity].map((other) =>
      list(scales.map((scale) => (scale === 0 ? other : scale))),
    ),
    'the sign is kept: a scale is the largest |w|, without its sign': list(
      scales.map((scale) => -scale),
    ),
  };
}

/** Computes wrong codes, keyed by the mistake that leads to them. */
export function codeSuspects({ w, levels, blockSize, codes, scales }: Weights): Suspects {
  const perWeight = (of: (value: number, scale: number, code: number) => number) =>
    list(
      Array.from(w, (value, i) =>
        of(value, scales[Math.floor(i / blockSize)] ?? NaN, codes[i] ?? NaN),
      ),
    );
  const below = (value: number) => levels.filter((level) => level <= value).length - 1;
  const divided = (value: number, scale: number) => (scale === 0 ? 0 : value / scale);
  const whole = codes.slice(0, w.length - (w.length % blockSize));
  const mustBeZero = `Its codes must be ${nearest(levels, 0)}, the index of the level nearest to 0`;
  const inZeros = (...others: number[]) =>
    others.map((other) => perWeight((_, scale, code) => (scale === 0 ? other : code)));
  return {
    [FIXED]: list(
      Array.from(w, (value, i) =>
        nearest(levels, divided(value, scales[Math.floor(i / 64)] ?? NaN)),
      ),
    ),
    'the levels themselves: a code is the index of a level': perWeight(
      (_, __, c) => levels[c] ?? NaN,
    ),
    'the distance has lost its absolute value: the nearest level has the smallest Math.abs(level - share)':
      [perWeight(() => 0), perWeight(() => levels.length - 1)],
    'levels.indexOf(share) finds an equal level only: look for the nearest': perWeight(
      (value, scale) => levels.indexOf(divided(value, scale)),
    ),
    'multiplied by the scale instead of divided': perWeight((value, scale) =>
      nearest(levels, value * scale),
    ),
    'the level below, not the nearest': perWeight((value, scale) => below(divided(value, scale))),
    'weights not divided by the scale of their block': perWeight((value) => nearest(levels, value)),
    'the first level above, not the nearest': perWeight((value, scale) =>
      levels.findIndex((level) => level >= divided(value, scale)),
    ),
    [`a block of zeros: 0 / 0 is NaN, and no level is nearest to NaN. ${mustBeZero}`]: inZeros(
      -1,
      levels.length,
      NaN,
    ),
    [`a block of zeros: no level is nearest there, for 0 / 0 is NaN, and level * scale is 0 for every level. ${mustBeZero}`]:
      inZeros(0, levels.length - 1),
    'evenly spaced steps: that is plain 4-bit': perWeight((w, s) => Math.round(7 * divided(w, s))),
    'counted from 1: an index starts at 0': perWeight((_, __, code) => code + 1),
    'the last, shorter block is missing': list(whole),
    'the last weight of each block is left out: w.slice(start, end) ends before end': list(
      codes.filter((_, i) => (i + 1) % blockSize !== 0 && i + 1 < codes.length),
    ),
  };
}

/** Computes wrong weights, keyed by the mistake that leads to them. */
export function weightSuspects({ levels, blockSize, codes, scales }: Blocks): Suspects {
  const decode = (of: (level: number, scale: number, code: number) => number) =>
    list(
      codes.map((code, i) =>
        of(levels[code] ?? NaN, scales[Math.floor(i / blockSize)] ?? NaN, code),
      ),
    );
  const blockAt = (block: (i: number) => number) =>
    list(codes.map((code, i) => (levels[code] ?? NaN) * (scales[block(i)] ?? NaN)));
  const first = scales[0] ?? NaN;
  return {
    [FIXED]: blockAt((i) => Math.floor(i / 64)),
    'the scale of the block is missing': decode((level) => level),
    'the scale of the first block everywhere': decode((level) => level * first),
    'divided by the scale instead of multiplied': decode((level, scale) => level / scale),
    'the code is used as if it were its level': decode((_, scale, code) => code * scale),
    'the scale is squared': decode((level, scale) => level * scale * scale),
    'the scale of weight i, not of its block': blockAt((i) => i),
    'the block is Math.floor(i / blockSize), not i % blockSize': blockAt((i) => i % blockSize),
    'the block changes one weight too early: it is Math.floor(i / blockSize)': blockAt((i) =>
      Math.floor((i + 1) / blockSize),
    ),
    'the block changes one weight too late: it is Math.floor(i / blockSize)': [
      blockAt((i) => Math.ceil(i / blockSize) - 1),
      blockAt((i) => Math.max(0, Math.ceil(i / blockSize) - 1)),
    ],
    'the block of weight i is Math.floor(i / blockSize): yours rounds up': blockAt((i) =>
      Math.ceil(i / blockSize),
    ),
    'the block of weight i is Math.floor(i / blockSize): yours rounds to the nearest': blockAt(
      (i) => Math.round(i / blockSize),
    ),
    'the index of the block is not rounded: it is Math.floor(i / blockSize)': blockAt(
      (i) => i / blockSize,
    ),
    'the first code is counted as 1: levels[code] is right, levels[code - 1] is not': decode(
      (_, scale, code) => (levels[code - 1] ?? NaN) * scale,
    ),
  };
}

function nearest(levels: number[], value: number): number {
  const distances = levels.map((level) => Math.abs(level - value));
  return distances.indexOf(Math.min(...distances));
}
