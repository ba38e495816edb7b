import type { Random } from '../../tensor/runtime';
import {
  type Case,
  drawMatrix,
  type Exercise,
  list,
  type Matrix,
  type Part,
  type Suspects,
  tensor,
  toVariable,
  valueCase,
} from '../judge';

const anglesPart: Part = {
  name: 'rotaryAngles',
  signature: 'function rotaryAngles(position: number, size: number, theta: number): number[]',
  cases: () =>
    Promise.resolve([anglesCase(5, 8, 100), anglesCase(3, 12, 50), anglesCase(7, 6, 900)]),
};

function anglesCase(position: number, size: number, theta: number): Case {
  const half = size / 2;
  const angles = (exponent: (i: number) => number, count = half) =>
    Array.from({ length: count }, (_, i) => position * theta ** exponent(i));
  const right = angles((i) => (-2 * i) / size);
  const each = (of: (angle: number, i: number) => number) => list(right.map(of));
  return valueCase({
    args: { position, size, theta },
    expected: list(right),
    suspects: {
      'the position is missing: that is how fast each pair turns': each((a) => a / position),
      'the minus sign is missing: the pairs get slower, θ^(-2i / size)': list(
        angles((i) => (2 * i) / size),
      ),
      'the 2 is missing: the exponent is -2i / size': list(angles((i) => -i / size)),
      'divided by the number of pairs: the exponent is -2i / size, size of the whole head': list(
        angles((i) => (-2 * i) / half),
      ),
      'one angle for each number: a pair has one, so there are size / 2': [
        list(angles((i) => (-2 * i) / size, size)),
        list(angles((i) => -i / size, size)),
        list([...right, ...right]),
        list(right.flatMap((a) => [a, a])),
      ],
      'the first pair is i = 1: it is i = 0, whose angle is the position': list(
        angles((i) => (-2 * (i + 1)) / size),
      ),
      'the position is counted from 1: it is the number given': each(
        (a) => (a * (position + 1)) / position,
      ),
      'every pair turns as fast: θ^(-2i / size) is missing': each(() => position),
      'in degrees: cos and sin take radians': [
        each((a) => (a * 180) / Math.PI),
        each((a) => (a * Math.PI) / 180),
      ],
      'a full turn for each position: leave out 2π': each((a) => 2 * Math.PI * a),
      'that is the cosine: return the angle itself': each(Math.cos),
      'that is the sine: return the angle itself': each(Math.sin),
      'the order is reversed: the first pair turns fastest': list([...right].reverse()),
      'the position is in the exponent: it multiplies θ^(-2i / size)': list(
        Array.from({ length: half }, (_, i) => theta ** ((-2 * i * position) / size)),
      ),
      'divided by θ · i: the exponent makes each pair slower by the same factor': list(
        Array.from({ length: half }, (_, i) => (i === 0 ? position : position / (theta * i))),
      ),
    },
  });
}

const rotatePart: Part = {
  name: 'rotateHalves',
  signature:
    'function rotateHalves(x: tf.Tensor2D, cos: tf.Tensor2D, sin: tf.Tensor2D): tf.Tensor2D',
  async cases(random) {
    return [
      await rotateCase(random, 3, 8),
      await rotateCase(random, 5, 6),
      await rotateCase(random, 4, 10),
    ];
  },
};

/** Angles are random, so that no two pairs turn alike. */
async function rotateCase(random: Random, time: number, size: number): Promise<Case> {
  const x = await drawMatrix(random, time, size);
  const angles = await drawMatrix(random, time, size / 2);
  const table = (f: (angle: number) => number): Matrix => ({
    shape: angles.shape,
    values: angles.values.map(f),
  });
  const [cos, sin] = [table(Math.cos), table(Math.sin)];
  return valueCase({
    args: { x: toVariable(x), cos: toVariable(cos), sin: toVariable(sin) },
    expected: tensor(turn(x, angles, forwards)),
    suspects: rotateSuspects(x, angles),
  });
}

type Turned = [first: number, second: number];
type Turn = (a: number, b: number, cos: number, sin: number) => Turned;
/** The places of pair i in a row of x. */
type Places = (i: number) => [a: number, b: number];

interface Pairing {
  /** which numbers are a pair */
  from?: Places;
  /** where a pair is put */
  to?: Places;
  /** whose angles the row has */
  row?: (t: number) => number;
}

/** Applies `by` to each pair of each row; a pair is made of halves unless said otherwise. */
function turn(x: Matrix, angles: Matrix, by: Turn, pairing: Pairing = {}): Matrix {
  const [time, size] = x.shape;
  const halves: Places = (i) => [i, i + size / 2];
  const { from = halves, to = halves, row = (t) => t } = pairing;
  const values = new Array<number>(time * size).fill(NaN);
  for (let t = 0; t < time; t++) {
    for (let i = 0; i < size / 2; i++) {
      const [a = NaN, b = NaN] = from(i).map((place) => x.values[t * size + place]);
      const angle = angles.values[(row(t) * size) / 2 + i] ?? NaN;
      const turned = by(a, b, Math.cos(angle), Math.sin(angle));
      to(i).forEach((place, j) => (values[t * size + place] = turned[j] ?? NaN));
    }
  }
  return { shape: x.shape, values };
}

/** (a, b) turned by its angle. */
const forwards: Turn = (a, b, c, s) => [a * c - b * s, b * c + a * s];

type Made = (by: Turn, pairing?: Pairing) => ReturnType<typeof tensor>;

function rotateSuspects(x: Matrix, angles: Matrix): Suspects {
  const made: Made = (by, pairing) => tensor(turn(x, angles, by, pairing));
  return { ...pairSuspects(x, angles, made), ...turnSuspects(made) };
}

/** Other numbers make a pair, or are put elsewhere. */
function pairSuspects(x: Matrix, angles: Matrix, made: Made): Suspects {
  const [time, size] = x.shape;
  const half = size / 2;
  const neighbours: Places = (i) => [2 * i, 2 * i + 1];
  const mirrored: Places = (i) => [i, size - 1 - i];
  const only = (which: 0 | 1) => {
    const whole = turn(x, angles, forwards).values;
    const values = whole.filter((_, i) => Math.floor((i % size) / half) === which);
    return tensor({ shape: [time, half], values });
  };
  return {
    'neighbours are rotated: a pair is xᵢ of the first half with xᵢ of the second': [
      made(forwards, { from: neighbours, to: neighbours }),
      made(forwards, { from: neighbours }),
    ],
    'the result is interleaved: first all of the first half, then all of the second': made(
      forwards,
      {
        to: neighbours,
      },
    ),
    'the pairs are mirrored: the first of one half goes with the first of the other': made(
      forwards,
      {
        from: mirrored,
        to: mirrored,
      },
    ),
    'every row is turned as the first: each position has its own row of cos and sin': made(
      forwards,
      {
        row: () => 0,
      },
    ),
    'the second half is missing: put both side by side, tf.concat([...], 1)': only(0),
    'the first half is missing: put both side by side, tf.concat([...], 1)': only(1),
    'x comes back as it was': tensor(x),
  };
}

/** A pair is turned in another way. */
function turnSuspects(made: Made): Suspects {
  return {
    'it turns backwards: a cos - b sin, then b cos + a sin': made((a, b, c, s) => [
      a * c + b * s,
      b * c - a * s,
    ]),
    'cos and sin are swapped': [
      made((a, b, c, s) => [a * s - b * c, b * s + a * c]),
      made((a, b, c, s) => [a * s + b * c, b * s - a * c]),
    ],
    'a sign is wrong: minus in the first half, plus in the second': [
      made((a, b, c, s) => [a * c - b * s, b * c - a * s]),
      made((a, b, c, s) => [a * c + b * s, b * c + a * s]),
    ],
    'the second half is made of the first one as rotated already: use the old one': made(
      (a, b, c, s) => {
        const first = a * c - b * s;
        return [first, b * c + first * s];
      },
    ),
    'the halves are swapped: the one with the minus comes first': made((a, b, c, s) => [
      b * c + a * s,
      a * c - b * s,
    ]),
    'the second half stays as it was': made((a, b, c, s) => [a * c - b * s, b]),
    'the first half stays as it was': made((a, b, c, s) => [a, b * c + a * s]),
    'only multiplied by cos: the other half, times sin, is missing': made((a, b, c) => [
      a * c,
      b * c,
    ]),
    'only multiplied by cos and sin: each half also needs the other one': made((a, b, c, s) => [
      a * c,
      b * s,
    ]),
    'each half is rotated with itself: the other one must be multiplied by sin': made(
      (a, b, c, s) => [a * c - a * s, b * c + b * s],
    ),
  };
}

/** Exercise 2: positions as rotations. */
export const rotary: Exercise = {
  id: 'rotary',
  title: 'Exercise 2: rotary positions',
  parts: [anglesPart, rotatePart],
  hints: [
    'An angle is the position times a speed, θ^(-2i / size). Pair 0 has speed 1, and each next pair is slower by the same factor.',
    'There are size / 2 pairs: Array.from({ length: size / 2 }, (_, i) => ...). In TypeScript a power is theta ** ((-2 * i) / size).',
    'const [a, b] = tf.split(x, 2, 1) gives the two halves [time, size / 2]. A point (a, b) turned by an angle is (a cos - b sin, b cos + a sin).',
    'tf.concat([a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))], 1) puts the halves side by side. Wrap it in tf.tidy(() => ...).',
  ],
};
