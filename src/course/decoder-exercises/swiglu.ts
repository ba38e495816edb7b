import type { Random } from '../../tensor/runtime';
import {
  type Case,
  drawMatrix,
  type Exercise,
  inTurn,
  type Matrix,
  type Part,
  plus,
  type Suspects,
  tensor,
  times,
  timesEntries,
  toVariable,
  transpose,
  valueCase,
} from '../judge';

interface Size {
  n: number;
  width: number;
  inner: number;
}

interface Weights {
  x: Matrix;
  gate: Matrix;
  up: Matrix;
  down: Matrix;
}

const SIZES: Size[] = [
  { n: 4, width: 5, inner: 7 },
  { n: 3, width: 8, inner: 6 },
  { n: 5, width: 4, inner: 10 },
];

const swiGluPart: Part = {
  name: 'swiGlu',
  signature:
    'function swiGlu(x: tf.Tensor2D, gate: tf.Tensor2D, up: tf.Tensor2D, down: tf.Tensor2D): tf.Tensor2D',
  cases: (random) => inTurn(SIZES, (size) => gluCase(random, size, gluSuspects)),
  anyOrder: (random) => gluCase(random, { n: 5, width: 5, inner: 5 }, orderSuspects),
};

async function gluCase(
  random: Random,
  { n, width, inner }: Size,
  suspectsOf: (weights: Weights) => Suspects,
): Promise<Case> {
  const x = await drawMatrix(random, n, width);
  const gate = await drawMatrix(random, inner, width);
  const up = await drawMatrix(random, inner, width);
  const down = await drawMatrix(random, width, inner);
  const weights = { x, gate, up, down };
  const [g, u] = [forRows(x, gate), forRows(x, up)];
  return valueCase({
    args: {
      x: toVariable(x),
      gate: toVariable(gate),
      up: toVariable(up),
      down: toVariable(down),
    },
    expected: tensor(forRows(timesEntries(map(g, silu), u), down)),
    suspects: suspectsOf(weights),
  });
}

/** x Wᵀ: the rows of x, each multiplied by W. */
function forRows(x: Matrix, w: Matrix): Matrix {
  return times(x, transpose(w));
}

function map({ shape, values }: Matrix, f: (value: number) => number): Matrix {
  return { shape, values: values.map(f) };
}

const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
const silu = (value: number) => value * sigmoid(value);
const relu = (value: number) => Math.max(value, 0);
/** GPT-2's, by the tanh that it uses. */
const gelu = (value: number) =>
  (value / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)));

function gluSuspects({ x, gate, up, down }: Weights): Suspects {
  const [g, u] = [forRows(x, gate), forRows(x, up)];
  const out = (inner: Matrix) => tensor(forRows(inner, down));
  const gated = (f: (value: number) => number) => out(timesEntries(map(g, f), u));
  const right = timesEntries(map(g, silu), u);
  return {
    'gate and up are swapped: SiLU goes on the gate': out(timesEntries(map(u, silu), g)),
    'that is the sigmoid, not SiLU: multiply gate x by it': gated(sigmoid),
    'that is GELU, as in GPT-2 and Gemma: SwiGLU has SiLU, a σ(a)': gated(gelu),
    'that is ReLU: SwiGLU has SiLU, a σ(a)': gated(relu),
    'that is tanh: SwiGLU has SiLU, a σ(a)': gated(Math.tanh),
    'SiLU is missing: two products without a curve between': gated((value) => value),
    'SiLU is on both: up x goes without': out(timesEntries(map(g, silu), map(u, silu))),
    'SiLU comes after the product: it goes on gate x alone': out(map(timesEntries(g, u), silu)),
    'gate and up are added: they are multiplied, entry by entry': out(plus(map(g, silu), u, 1)),
    'up is missing': out(map(g, silu)),
    'the gate is missing': [out(u), out(map(u, silu))],
    'SiLU of x: it goes on gate x': [
      out(timesEntries(forRows(map(x, silu), gate), u)),
      out(timesEntries(forRows(map(x, silu), gate), forRows(map(x, silu), up))),
    ],
    'one product serves as gate and as up: they are two weights': [
      out(timesEntries(map(g, silu), g)),
      out(timesEntries(map(u, silu), u)),
    ],
    'SiLU of up x, times the sigmoid of gate x: it is SiLU(gate x), times up x': out(
      timesEntries(map(g, sigmoid), map(u, silu)),
    ),
    'the sigmoid is of up x: it is of gate x': out(
      timesEntries(timesEntries(g, u), map(u, sigmoid)),
    ),
    'SiLU on the result: it goes on gate x alone': [
      tensor(map(forRows(right, down), silu)),
      tensor(map(forRows(timesEntries(g, u), down), silu)),
    ],
    'x is added: the block does that, outside the MLP': tensor(plus(forRows(right, down), x, 1)),
    'down is missing: that is [n, inner], the result is [n, width] again': tensor(right),
  };
}

/** On square weights, where products fit in any order. */
function orderSuspects({ x, gate, up, down }: Weights): Suspects {
  const made = (of: typeof forRows, last: typeof forRows) =>
    tensor(last(timesEntries(map(of(x, gate), silu), of(x, up)), down));
  const columns = (a: Matrix, w: Matrix) => times(w, a);
  const inner = timesEntries(map(forRows(x, gate), silu), forRows(x, up));
  return {
    'x W without transposing: weights are [out, in], so for the rows of x it is x Wᵀ': [
      made(times, times),
      made(times, forRows),
      made(forRows, times),
    ],
    'W x is for a column x: the inputs are rows, so it is x Wᵀ': [
      made(columns, columns),
      made(forRows, columns),
      made(columns, forRows),
    ],
    'the last product is entry by entry: it is tf.matMul with down': tensor(
      timesEntries(inner, down),
    ),
    'gate x and up x are multiplied as matrices: entry by entry is a.mul(b)': [times, forRows].map(
      (product) => tensor(forRows(product(map(forRows(x, gate), silu), forRows(x, up)), down)),
    ),
  };
}

/** Exercise 3: the MLP of today's models. */
export const swiglu: Exercise = {
  id: 'swiglu',
  title: 'Exercise 3: SwiGLU',
  parts: [swiGluPart],
  hints: [
    'Three products. The first two both start at x; the third, down, goes back to the width.',
    'For the rows of x, W x becomes x Wᵀ: tf.matMul(x, gate, false, true) is [n, inner].',
    'SiLU(a) = a σ(a): const g = tf.matMul(x, gate, false, true), then g.mul(g.sigmoid()). Multiply it by up x, entry by entry.',
    'return tf.tidy(() => tf.matMul(g.mul(g.sigmoid()).mul(u), down, false, true)), with g and u computed inside, too.',
  ],
};
