import * as tf from '@tensorflow/tfjs';
import { testExercise, testLeaks } from '../../../tests/course/test-exercise';
import { rotary } from './rotary';
import * as solution from './rotary.solution';

type X = tf.Tensor2D;
/** Angles of size / 2 pairs, or of as many as said. */
const angles = (of: (i: number, position: number, size: number, theta: number) => number) => ({
  rotaryAngles: (position: number, size: number, theta: number) =>
    Array.from({ length: size / 2 }, (_, i) => of(i, position, size, theta)),
});
const changed = (of: (angle: number, position: number) => number) => ({
  rotaryAngles: (position: number, size: number, theta: number) =>
    solution.rotaryAngles(position, size, theta).map((angle) => of(angle, position)),
});
/** The rotated halves of x, by its halves a and b. */
const halves = (of: (a: X, b: X, cos: X, sin: X) => tf.Tensor[]) => ({
  rotateHalves: (x: X, cos: X, sin: X) =>
    tf.tidy(() => {
      const [a, b] = tf.split(x, 2, 1) as [X, X];
      return tf.concat(of(a, b, cos, sin), 1);
    }),
});
const first = (a: X, b: X, cos: X, sin: X) => a.mul<X>(cos).sub<X>(b.mul(sin));
const second = (a: X, b: X, cos: X, sin: X) => b.mul<X>(cos).add<X>(a.mul(sin));
/** [time, s] and [time, s] -> [time, 2 s], in turn */
const interleave = (a: tf.Tensor, b: tf.Tensor) => tf.stack([a, b], 2).reshape<X>([a.shape[0], -1]);
/** The numbers of x at even places, and those at odd ones. */
const neighbours = (x: X) => {
  const pairs = x.reshape([x.shape[0], -1, 2]);
  return tf.unstack(pairs, 2) as [X, X];
};

testExercise(rotary, solution, {
  'the position is missing': changed((angle, position) => angle / position),
  'the minus sign is missing': angles((i, p, size, theta) => p * theta ** ((2 * i) / size)),
  'the 2 is missing': angles((i, p, size, theta) => p * theta ** (-i / size)),
  'divided by the number of pairs': angles(
    (i, p, size, theta) => p * theta ** ((-2 * i) / (size / 2)),
  ),
  'one angle for each number: a pair has one': {
    rotaryAngles: (p, size, theta) =>
      Array.from({ length: size }, (_, i) => p * theta ** ((-2 * i) / size)),
  },
  'one angle for each number': {
    rotaryAngles: (p, size, theta) =>
      Array.from({ length: size }, (_, i) => p * theta ** (-i / size)),
  },
  'a pair has one, so there are size / 2': {
    rotaryAngles: (...args) => [
      ...solution.rotaryAngles(...args),
      ...solution.rotaryAngles(...args),
    ],
  },
  'so there are size / 2': {
    rotaryAngles: (...args) => solution.rotaryAngles(...args).flatMap((angle) => [angle, angle]),
  },
  'the first pair is i = 1': angles((i, p, size, theta) => p * theta ** ((-2 * (i + 1)) / size)),
  'the position is counted from 1': {
    rotaryAngles: (p, size, theta) => solution.rotaryAngles(p + 1, size, theta),
  },
  'every pair turns as fast': angles((_, p) => p),
  'in degrees': changed((angle) => (angle * 180) / Math.PI),
  'in degrees: cos and sin take radians': changed((angle) => (angle * Math.PI) / 180),
  'a full turn for each position': changed((angle) => 2 * Math.PI * angle),
  'that is the cosine': changed(Math.cos),
  'that is the sine': changed(Math.sin),
  'the order is reversed': {
    rotaryAngles: (...args) => solution.rotaryAngles(...args).reverse(),
  },
  'the position is in the exponent': angles((i, p, size, theta) => theta ** ((-2 * i * p) / size)),
  'divided by θ · i': angles((i, p, _, theta) => (i === 0 ? p : p / (theta * i))),
  'yours is the negative of the right value everywhere': changed((angle) => -angle),
  'a tensor where a plain list of numbers is asked for': {
    rotaryAngles: (...args) => tf.tensor1d(solution.rotaryAngles(...args)),
  },
  'neighbours are rotated': {
    rotateHalves: (x, cos, sin) =>
      tf.tidy(() => {
        const [a, b] = neighbours(x);
        return interleave(first(a, b, cos, sin), second(a, b, cos, sin));
      }),
  },
  'neighbours are rotated: a pair is xᵢ of the first half': {
    rotateHalves: (x, cos, sin) =>
      tf.tidy(() => {
        const [a, b] = neighbours(x);
        return tf.concat([first(a, b, cos, sin), second(a, b, cos, sin)], 1);
      }),
  },
  'the result is interleaved': {
    rotateHalves: (x, cos, sin) =>
      tf.tidy(() => {
        const [a, b] = tf.split(x, 2, 1) as [X, X];
        return interleave(first(a, b, cos, sin), second(a, b, cos, sin));
      }),
  },
  'it turns backwards': halves((a, b, cos, sin) => [
    first(a, b, cos, sin.neg()),
    second(a, b, cos, sin.neg()),
  ]),
  'cos and sin are swapped': {
    rotateHalves: (x, cos, sin) => solution.rotateHalves(x, sin, cos),
  },
  'rotateHalves: cos and sin are swapped': halves((a, b, cos, sin) => [
    first(a, b, sin, cos.neg()),
    second(a, b, sin, cos.neg()),
  ]),
  'a sign is wrong': halves((a, b, cos, sin) => [
    first(a, b, cos, sin),
    second(a, b, cos, sin.neg()),
  ]),
  'a sign is wrong: minus in the first half': halves((a, b, cos, sin) => [
    first(a, b, cos, sin.neg()),
    second(a, b, cos, sin),
  ]),
  'made of the first one as rotated already': halves((a, b, cos, sin) => {
    const turned = first(a, b, cos, sin);
    return [turned, second(turned, b, cos, sin)];
  }),
  'the halves are swapped': halves((a, b, cos, sin) => [
    second(a, b, cos, sin),
    first(a, b, cos, sin),
  ]),
  'the second half stays as it was': halves((a, b, cos, sin) => [first(a, b, cos, sin), b]),
  'the first half stays as it was': halves((a, b, cos, sin) => [a, second(a, b, cos, sin)]),
  'only multiplied by cos: the other half': halves((a, b, cos) => [a.mul(cos), b.mul(cos)]),
  'only multiplied by cos and sin': halves((a, b, cos, sin) => [a.mul(cos), b.mul(sin)]),
  'each half is rotated with itself': halves((a, b, cos, sin) => [
    first(a, a, cos, sin),
    second(b, b, cos, sin),
  ]),
  'the pairs are mirrored': halves((a, b, cos, sin) => {
    const mirrored = b.reverse<X>(1);
    return [first(a, mirrored, cos, sin), second(a, mirrored, cos, sin).reverse(1)];
  }),
  'every row is turned as the first': halves((a, b, cos, sin) => {
    const [c, s] = [cos.slice([0], [1]), sin.slice([0], [1])];
    return [first(a, b, c, s), second(a, b, c, s)];
  }),
  'the second half is missing': halves((a, b, cos, sin) => [first(a, b, cos, sin)]),
  'the first half is missing': halves((a, b, cos, sin) => [second(a, b, cos, sin)]),
  'x comes back as it was': { rotateHalves: (x) => x.clone() },
  'the shape is': {
    rotateHalves: (x, cos, sin) =>
      tf.tidy(() => {
        const [a, b] = tf.split(x, 2, 1) as [X, X];
        return tf.concat([first(a, b, cos, sin), second(a, b, cos, sin)], 0);
      }),
  },
});

testLeaks(rotary, solution, {
  '8 tensors stay in memory per call of rotateHalves': {
    rotateHalves: (x, cos, sin) => {
      const [a, b] = tf.split(x, 2, 1) as [X, X];
      return tf.concat([a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))], 1);
    },
  },
});
