import type { Random } from '../../tensor/runtime';
import { mean } from '../measure';
import {
  type Case,
  drawMatrix,
  type Exercise,
  inTurn,
  type Part,
  type Suspects,
  tensor,
  toVariable,
  valueCase,
} from '../judge';

interface Size {
  heads: number;
  kvHeads: number;
  time: number;
  size: number;
}

const SIZES: Size[] = [
  { heads: 6, kvHeads: 2, time: 5, size: 4 },
  { heads: 6, kvHeads: 3, time: 7, size: 8 },
  { heads: 8, kvHeads: 2, time: 4, size: 6 },
];

const attendPart: Part = {
  name: 'attendGrouped',
  signature: 'function attendGrouped(q: tf.Tensor2D, k: tf.Tensor3D, v: tf.Tensor3D): tf.Tensor2D',
  cases: (random) => inTurn(SIZES, (size) => headsCase(random, size)),
};

/** A list of vectors for each head. */
type Heads = number[][][];

async function headsCase(random: Random, sizes: Size): Promise<Case> {
  const { heads, kvHeads, time, size } = sizes;
  const q = await drawMatrix(random, heads, size);
  const [k, v] = [
    await drawMatrix(random, kvHeads * time, size),
    await drawMatrix(random, kvHeads * time, size),
  ];
  const of = (values: number[]): Heads => cut(values, time * size).map((head) => cut(head, size));
  const given = { sizes, q: cut(q.values, size), k: of(k.values), v: of(v.values) };
  const shape = [kvHeads, time, size];
  return valueCase({
    args: {
      q: toVariable(q),
      k: toVariable({ shape, values: k.values }),
      v: toVariable({ shape, values: v.values }),
    },
    expected: tensor(attend(given)),
    suspects: headSuspects(given),
  });
}

function cut(values: number[], length: number): number[][] {
  return Array.from({ length: values.length / length }, (_, i) =>
    values.slice(i * length, (i + 1) * length),
  );
}

interface Given {
  sizes: Size;
  q: number[][];
  k: Heads;
  v: Heads;
}

/** How an answer attends; what is left out is right. */
interface Way {
  /** the head of keys of query head h, and that of values */
  key?: (h: number) => number;
  value?: (h: number) => number;
  scale?: number;
  /** scores [heads][time] to shares */
  share?: (scores: number[][]) => number[][];
}

/** softmax(scale q Kᵀ) V of each head, in float64: [heads, size] */
function attend({ sizes, q, k, v }: Given, way: Way = {}): { shape: number[]; values: number[] } {
  const { heads, kvHeads, size } = sizes;
  const follow = (h: number) => Math.floor((h * kvHeads) / heads);
  const { key = follow, value = key, scale = size ** -0.5, share = softmaxRows } = way;
  const scores = q.map((one, h) => (k[key(h)] ?? []).map((other) => scale * dot(one, other)));
  const shares = share(scores);
  const values = shares.flatMap((row, h) => {
    const own = v[value(h)] ?? [];
    return Array.from({ length: size }, (_, j) =>
      row.reduce((sum, weight, t) => sum + weight * (own[t]?.[j] ?? NaN), 0),
    );
  });
  return { shape: [heads, size], values };
}

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, one, i) => sum + one * (b[i] ?? NaN), 0);
}

function softmaxRows(scores: number[][]): number[][] {
  return scores.map(toShares);
}

function toShares(scores: number[]): number[] {
  const exponentials = scores.map(Math.exp);
  const sum = exponentials.reduce((all, one) => all + one, 0);
  return exponentials.map((one) => one / sum);
}

/** Softmax down the columns: over the heads `from` the first of a group, `length` of them. */
function softmaxOverHeads(scores: number[][], length: number): number[][] {
  return scores.map((row, h) =>
    row.map((_, t) => {
      const first = h - (h % length);
      const group = scores.slice(first, first + length).map((one) => one[t] ?? NaN);
      return toShares(group)[h - first] ?? NaN;
    }),
  );
}

type Attended = (way: Way, other?: Partial<Given>) => ReturnType<typeof tensor>;

function headSuspects(given: Given): Suspects {
  const by: Attended = (way, other = {}) => tensor(attend({ ...given, ...other }, way));
  return { ...sharingSuspects(given, by), ...scoreSuspects(given.sizes, by) };
}

/** Query heads that look at another head of k and v. */
function sharingSuspects({ sizes, k, v }: Given, by: Attended): Suspects {
  const { heads, kvHeads } = sizes;
  const inTurn = (h: number) => h % kvHeads;
  const follow = (h: number) => Math.floor((h * kvHeads) / heads);
  const average = (all: Heads): Heads => [
    (all[0] ?? []).map((one, t) => one.map((_, j) => mean(all.map((head) => head[t]?.[j] ?? NaN)))),
  ];
  return {
    'the keys and values are repeated in the wrong order: heads 0, 1, ... share the first, the next ones the second (not in turn)':
      by({ key: inTurn }),
    'the values are in the wrong order: head h takes the same head of v as of k': by({
      key: follow,
      value: inTurn,
    }),
    'the keys are in the wrong order: head h takes the same head of k as of v': by({
      key: inTurn,
      value: follow,
    }),
    'the groups are in reverse order': by({ key: (h) => kvHeads - 1 - follow(h) }),
    'every head takes the first head of k and v: each group has its own': by({ key: () => 0 }),
    'k and v are averaged over their heads: each group has its own': by(
      { key: () => 0 },
      { k: average(k), v: average(v) },
    ),
    'k and v are swapped: the shares come from k, and weigh v': by({}, { k: v, v: k }),
    'the shares weigh the keys: they weigh the values': by({}, { v: k }),
  };
}

/** Scores that are scaled or shared out in another way. */
function scoreSuspects({ heads, kvHeads, time, size }: Size, by: Attended): Suspects {
  const group = heads / kvHeads;
  const root = Math.sqrt(size);
  return {
    'the scale is missing: divide the scores by √size': by({ scale: 1 }),
    'divided by size: it is √size': by({ scale: 1 / size }),
    'multiplied by √size: the scores are divided by it': by({ scale: root }),
    'divided by the root of all heads together: it is √size of one': by({
      scale: (heads * size) ** -0.5,
    }),
    'divided by the root of another axis: it is √size of one head': [
      heads,
      kvHeads,
      time,
      group,
    ].map((length) => by({ scale: length ** -0.5 })),
    'softmax is missing: the scores must become shares that add up to 1': [
      by({ share: (scores) => scores }),
      by({ share: (scores) => scores, scale: 1 }),
    ],
    'softmax runs over the heads: it goes over the positions, the last axis': [
      by({ share: (scores) => softmaxOverHeads(scores, heads) }),
      by({ share: (scores) => softmaxOverHeads(scores, group) }),
    ],
    'the shares do not add up to 1: divide each row of exponentials by its sum': by({
      share: (scores) => scores.map((row) => row.map(Math.exp)),
    }),
    'scaled after softmax: the scores are divided by √size before': by({
      scale: 1,
      share: (scores) => softmaxRows(scores).map((row) => row.map((one) => one / root)),
    }),
    'every position weighs the same: the scores are not used': by({
      share: (scores) => scores.map((row) => row.map(() => 1 / row.length)),
    }),
    'only the position with the largest score is taken: softmax mixes all': by({
      share: (scores) => scores.map((row) => row.map((one) => (one === Math.max(...row) ? 1 : 0))),
    }),
  };
}

/** Exercise 4: several query heads share keys and values. */
export const groupedHeads: Exercise = {
  id: 'grouped-heads',
  title: 'Exercise 4: grouped-query attention',
  parts: [attendPart],
  hints: [
    'With 6 heads and 2 heads of keys, heads 0, 1, 2 share the first, heads 3, 4, 5 the second. Nothing needs to be copied for that: which shape of q has the groups as its first axis?',
    'q.reshape([kvHeads, heads / kvHeads, size]): one product with k [kvHeads, time, size] then serves all, tf.matMul(groups, k, false, true) is [kvHeads, group, time].',
    'Divide by Math.sqrt(size), then .softmax() goes along the last axis, the positions.',
    'tf.matMul(scores.softmax(), v) is [kvHeads, group, size]; .reshape([heads, size]) puts the heads back in their order. Wrap it in tf.tidy(() => ...).',
  ],
};
