import type { Random } from '../../tensor/runtime';
import {
  type Answer,
  type Case,
  drawMatrix,
  type Exercise,
  formatValues,
  list,
  normalQuantile,
  type Part,
  valueCase,
} from '../judge';
import { levelSuspects } from './nf4-suspects';
import { codeSuspects, scaleSuspects, weightSuspects } from './qlora-suspects';

/**
 * The 16 levels of NF4 as published in appendix E of the QLoRA paper (Dettmers et al. 2023), with
 * the digits of bitsandbytes' `get_4bit_type`. Copied, so that the check does not use the library.
 */
export const NF4 = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
  -0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725,
  0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
  0.7229568362236023, 1,
];

/** Other levels, which an answer may not have written down: more of them, denser around 0. */
const OTHER = Array.from({ length: 21 }, (_, i) => ((i - 10) * Math.abs(i - 10)) / 100);

const levels: Part = {
  name: 'nf4Levels',
  signature: 'function nf4Levels(): number[]',
  cases: () =>
    Promise.resolve([
      valueCase({ args: {}, expected: list(NF4), suspects: levelSuspects(normalQuantile) }),
    ]),
};

const quantize: Part = {
  name: 'quantizeBlocks',
  signature:
    'function quantizeBlocks(w: Float32Array, levels: number[], blockSize: number): { codes: number[]; scales: number[] }',
  async cases(random) {
    return [
      quantizeCase(await drawWeights(random, 150, 64), 64),
      quantizeCase(await drawWeights(random, 200, 50), 50),
      quantizeCase((await drawWeights(random, 40, 16)).fill(0, 16, 32), 16), // a block of zeros
      quantizeCase(await drawWeights(random, 150, 50), 50, OTHER),
    ];
  },
};

const dequantize: Part = {
  name: 'dequantizeBlocks',
  signature:
    'function dequantizeBlocks(codes: number[], scales: number[], levels: number[], blockSize: number): number[]',
  async cases(random, { quantizeBlocks }) {
    return [
      dequantizeCase(await drawWeights(random, 150, 64), 64),
      dequantizeCase(await drawWeights(random, 40, 8), 8),
      dequantizeCase(await drawWeights(random, 150, 50), 50, OTHER),
      errorCase(await drawWeights(random, 64 * 32, 64)),
      ...(quantizeBlocks ? [ownCase(await drawWeights(random, 150, 64), 64, quantizeBlocks)] : []),
    ];
  },
};

/**
 * Draws weights from N(0, 1.5²); the largest |w| of each block is of a negative weight, its first
 * or its last, so that an answer that cuts its blocks one too short is noticed.
 */
async function drawWeights(random: Random, n: number, blockSize: number): Promise<Float32Array> {
  const { values } = await drawMatrix(random, 1, n);
  const w = Float32Array.from(values, (value) => 1.5 * value);
  for (let start = 0; start < n; start += blockSize) {
    const end = Math.min(start + blockSize, n);
    const isEven = (start / blockSize) % 2 === 0;
    w[isEven ? start : end - 1] = -absmax(w.slice(start, end)) - 0.5;
  }
  return w;
}

function absmax(values: Float32Array): number {
  return Math.max(...values.map(Math.abs));
}

/** Quantizes by midpoints: the code of a weight is the number of midpoints below it. */
function encode(
  w: Float32Array,
  blockSize: number,
  levels = NF4,
): { codes: number[]; scales: number[] } {
  const scales = Array.from({ length: Math.ceil(w.length / blockSize) }, (_, block) =>
    absmax(w.slice(block * blockSize, (block + 1) * blockSize)),
  );
  const middles = levels.slice(1).map((level, i) => (level + (levels[i] ?? NaN)) / 2);
  const codes = Array.from(w, (value, i) => {
    const scale = scales[Math.floor(i / blockSize)] ?? NaN;
    return middles.filter((middle) => value > middle * scale || (scale === 0 && middle < 0)).length;
  });
  return { codes, scales };
}

function decode(codes: number[], scales: number[], blockSize: number, levels = NF4): number[] {
  return codes.map((code, i) => (levels[code] ?? NaN) * (scales[Math.floor(i / blockSize)] ?? NaN));
}

const OWN_LEVELS = 'the levels are an argument: yours are those of NF4, whatever levels holds';

function quantizeCase(w: Float32Array, blockSize: number, levels = NF4): Case {
  const { codes, scales } = encode(w, blockSize, levels);
  const blocks = { w, levels, blockSize, codes, scales };
  const inNF4 = list(encode(w, blockSize).codes);
  const inFirst16 = list(encode(w, blockSize, levels.slice(0, 16)).codes);
  return valueCase({
    args: { w, levels: [...levels], blockSize },
    expected: { scales: list(scales), codes: list(codes) },
    suspects: {
      scales: scaleSuspects(blocks),
      codes: {
        [OWN_LEVELS]: inNF4,
        'the levels are an argument: there are levels.length, not always 16': inFirst16,
        ...codeSuspects(blocks),
      },
    },
  });
}

function dequantizeCase(w: Float32Array, blockSize: number, levels = NF4): Case {
  const { codes, scales } = encode(w, blockSize, levels);
  return valueCase({
    args: { codes, scales, levels: [...levels], blockSize },
    expected: list(decode(codes, scales, blockSize, levels)),
    suspects: {
      [OWN_LEVELS]: list(decode(codes, scales, blockSize)),
      ...weightSuspects({ levels, blockSize, codes, scales }),
    },
  });
}

/**
 * Decodes what the learner's own quantizeBlocks returns, as later cells do. Plain lists have been
 * decoded right before, so what fails here is due to another kind of list.
 */
function ownCase(w: Float32Array, blockSize: number, quantizeBlocks: Answer): Case {
  const { codes, scales } = encode(w, blockSize);
  const expected = list(decode(codes, scales, blockSize));
  const input = `your own quantizeBlocks(w, levels, ${blockSize}), w [${w.length}]`;
  return {
    input,
    async examine(answer) {
      const own = quantizeBlocks(w.slice(), [...NF4], blockSize) as Record<string, object>;
      const args = { codes: own.codes, scales: own.scales, levels: [...NF4], blockSize };
      const mistake = mistakeOfKind(own);
      try {
        const finding = await valueCase({ args, expected }).examine(answer);
        return { ...finding, input, ...(mistake !== undefined && !finding.passed && { mistake }) };
      } catch (error) {
        if (mistake === undefined) throw error;
        const got = error instanceof Error ? error.message : String(error);
        return { input, passed: false, expected: formatValues(expected), got, mistake };
      }
    },
  };
}

/** What goes wrong with lists that are no arrays; undefined if they are. */
function mistakeOfKind({ codes, scales }: Record<string, object>): string | undefined {
  const kind = [codes, scales].find((one) => !Array.isArray(one))?.constructor.name;
  if (kind === undefined) return undefined;
  const why = /^Float/.test(kind)
    ? `a ${kind} is no array, and lacks some of its methods`
    : `${kind}.map gives integers: codes.map((code) => levels[code]) cuts every level to one`;
  return `${why}. Your quantizeBlocks must return plain lists (Array.from(codes)), or this function decode them: Array.from(codes, (code, i) => ...)`;
}

/** Checks that the error is smaller than with evenly spaced levels and one scale for all. */
function errorCase(w: Float32Array): Case {
  const step = absmax(w) / 7;
  const plain = meanError(
    w,
    Array.from(w, (value) => Math.round(value / step) * step),
  );
  const input = `mean |error| over [${w.length}] weights, blockSize 64`;
  return {
    input,
    async examine(answer) {
      const { codes, scales } = encode(w, 64);
      const error = meanError(w, (await answer(codes, scales, [...NF4], 64)) as ArrayLike<number>);
      return {
        input,
        passed: error < plain,
        expected: `below ${plain.toFixed(4)}, the error of evenly spaced 4-bit levels`,
        got: error.toFixed(4),
      };
    },
  };
}

function meanError(w: Float32Array, other: ArrayLike<number>): number {
  return w.reduce((sum, value, i) => sum + Math.abs(value - (other[i] ?? NaN)), 0) / w.length;
}

/** Exercise 5: the levels of NF4, and weights rounded to them in blocks. */
export const qlora: Exercise = {
  id: 'qlora',
  title: 'Exercise 5: QLoRA',
  parts: [levels, quantize, dequantize],
  hints: [
    'The weights of a trained model are about normally distributed: most are small. Evenly spaced quantiles of the normal distribution, normalQuantile(p), are closer together where weights are frequent. As each block is scaled by its largest weight, such levels are not used equally often, but more evenly than evenly spaced ones.',
    'The quantiles of p = 0 and p = 1 are infinite, so start at δ = (1/32 + 1/30) / 2. Eight evenly spaced p from δ to 1/2 give seven negative levels and zero. Nine from 1/2 to 1 - δ give zero again, which you leave out, and eight positive levels. Divide all by the largest |level|.',
    'A block is w.slice(start, start + blockSize); its scale is the largest |w| in it, 0 if all are 0; a code is the index of the level nearest to w / scale. The last block may be shorter.',
    'To dequantize weight i, multiply levels[code] by the scale of block Math.floor(i / blockSize).',
  ],
};
