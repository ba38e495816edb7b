import { type Case, type Exercise, number, type Part, type Suspects, valueCase } from '../judge';

interface Shape {
  layers: number;
  width: number;
  heads: number;
  kvHeads: number;
  /** not width / heads in every model */
  headDim: number;
}

/** Shapes with a rank and a number of tokens: no two mistakes give one number. */
const SHAPES: [shape: Shape, r: number, tokens: number][] = [
  [{ layers: 5, width: 44, heads: 12, kvHeads: 3, headDim: 10 }, 7, 17],
  [{ layers: 7, width: 24, heads: 4, kvHeads: 1, headDim: 9 }, 3, 11],
  [{ layers: 5, width: 96, heads: 8, kvHeads: 4, headDim: 26 }, 6, 13],
];

const sizePart: Part = {
  name: 'decoderSize',
  signature:
    'function decoderSize(config: { layers: number; width: number; heads: number; kvHeads: number; headDim: number }, r: number, tokens: number): { trained: number; cacheBytes: number }',
  cases: () => Promise.resolve(SHAPES.map(([shape, r, tokens]) => sizeCase(shape, r, tokens))),
};

function sizeCase(config: Shape, r: number, tokens: number): Case {
  const { layers, width, heads, kvHeads, headDim } = config;
  const [q, kv] = [heads * headDim, kvHeads * headDim];
  return valueCase({
    args: { config, r, tokens },
    expected: {
      trained: number(layers * r * (2 * width + q + kv)),
      cacheBytes: number(8 * layers * kv * tokens),
    },
    suspects: {
      trained: trainedSuspects(config, r),
      cacheBytes: cacheSuspects(config, tokens),
    },
  });
}

function trainedSuspects({ layers, width, heads, kvHeads, headDim }: Shape, r: number): Suspects {
  const [q, kv] = [heads * headDim, kvHeads * headDim];
  const all = (eachRank: number) => number(layers * r * eachRank);
  const [ofQ, ofKv] = [width + q, width + kv];
  const share = (kvHeads * width) / heads;
  return {
    'v_proj is taken as wide as q_proj: it has kvHeads × headDim rows': all(2 * ofQ),
    'only q_proj is counted: v_proj has an adapter too': all(ofQ),
    'only v_proj is counted: q_proj has an adapter too': all(ofKv),
    'k_proj is counted too: only q_proj and v_proj have an adapter': all(ofQ + 2 * ofKv),
    'k_proj and o_proj are counted too: only q_proj and v_proj have an adapter': all(
      2 * ofQ + 2 * ofKv,
    ),
    'that is one layer: multiply by layers': number(r * (ofQ + ofKv)),
    'q_proj is taken as square: it has heads × headDim rows, which may be more than width': [
      all(2 * width + ofKv),
      all(3 * width + share),
      all(4 * width),
    ],
    'a head is not width / heads in every model: its size is headDim': all(2 * width + q + share),
    'only A is counted: B has r numbers for each row of the weight': all(2 * width),
    'only B is counted: A has r × width numbers': all(q + kv),
    'yours counts the frozen weights: an adapter has r (d + k) numbers': [
      number(layers * width * (q + kv)),
      all(width * (q + kv)),
    ],
    'r is missing': number(layers * (ofQ + ofKv)),
    'headDim is missing: q_proj has heads × headDim rows, v_proj kvHeads × headDim': all(
      2 * width + heads + kvHeads,
    ),
    'yours is in bytes: trained counts numbers': all(4 * (ofQ + ofKv)),
  };
}

function cacheSuspects(
  { layers, width, heads, kvHeads, headDim }: Shape,
  tokens: number,
): Suspects {
  const kv = kvHeads * headDim;
  const bytes = (numbers: number) => number(4 * layers * tokens * numbers);
  return {
    'every head is given keys and values of its own: only kvHeads have them': bytes(
      2 * heads * headDim,
    ),
    'half of it: keys and values are both kept, and a float32 number takes 4 bytes': bytes(kv),
    'yours counts numbers: each float32 has 4 bytes': bytes(kv / 2),
    'yours is in bits: 8 of them are a byte': bytes(16 * kv),
    'that is one layer: each has a cache of its own': number(8 * kv * tokens),
    'the width is kept for each token: it is kvHeads × headDim': bytes(2 * width),
    'headDim is missing: each key has headDim numbers': bytes(2 * kvHeads),
    'kvHeads is missing: each of them has keys and values': bytes(2 * headDim),
    'tokens is missing: each has its own keys and values': number(8 * layers * kv),
    'tokens is squared: the scores are, but nobody keeps them': bytes(2 * kv * tokens),
    'a head is not width / heads in every model: its size is headDim': bytes(
      (2 * kvHeads * width) / heads,
    ),
    'the queries are kept too: only keys and values are needed again': bytes(
      2 * kv + heads * headDim,
    ),
    'multiplied by heads and kvHeads: each query head has no cache of its own': bytes(
      2 * heads * kv,
    ),
  };
}

/** Exercise 5: what an adapter and a cache cost. */
export const decoderSize: Exercise = {
  id: 'decoder-size',
  title: 'Exercise 5: adapter and cache',
  parts: [sizePart],
  hints: [
    'The two numbers are independent. trained counts the numbers of A and B on q_proj and v_proj; cacheBytes is the memory of the keys and values of one text.',
    'q_proj is [heads × headDim, width] and v_proj [kvHeads × headDim, width]. LoRA trains r (d + k) numbers on a weight [d, k].',
    'For each token and layer the cache keeps a key and a value, kvHeads × headDim numbers each. A float32 number takes 4 bytes.',
    'trained: layers * r * (width + heads * headDim + width + kvHeads * headDim). cacheBytes: 4 * layers * 2 * kvHeads * headDim * tokens.',
  ],
};
