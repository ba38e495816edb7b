import * as tf from '@tensorflow/tfjs';
import { testExercise, testLeaks } from '../../../tests/course/test-exercise';
import { packing } from './packing';
import * as solution from './packing.solution';

const total = (lengths: number[]) => lengths.reduce((sum, length) => sum + length, 0);
/** Answers text by text. */
const byText = (of: (length: number, text: number, start: number) => number[]) => ({
  positionsOf: (lengths: number[]) => {
    const starts = lengths.map((_, text) => total(lengths.slice(0, text)));
    return tf.tensor1d(
      lengths.flatMap((length, text) => of(length, text, starts[text] ?? NaN)),
      'int32',
    );
  },
});
const count = (length: number, of: (i: number) => number) =>
  Array.from({ length }, (_, i) => of(i));
/** Answers token by token. */
const byPlace = (of: (place: number, lengths: number[]) => number) => ({
  positionsOf: (lengths: number[]) =>
    tf.tensor1d(
      count(total(lengths), (place) => of(place, lengths)),
      'int32',
    ),
});
/** A mask of what the text numbers and the places of two tokens say. */
const mask = (of: (own: number, other: number, i: number, j: number) => number | boolean) => ({
  maskOf: (lengths: number[]) => {
    const texts = lengths.flatMap((length, text) => count(length, () => text));
    const rows = texts.map((own, i) => texts.map((other, j) => Number(of(own, other, i, j))));
    return tf.tensor2d(rows);
  },
});
/** Right for texts of other lengths. */
const cut = (of: (lengths: number[]) => number[]) => ({
  maskOf: (lengths: number[]) => solution.maskOf(of(lengths)),
});
const shifted = (lengths: number[], by: number) =>
  lengths.map((length, i) => {
    if (i === 0) return length + by;
    return i === lengths.length - 1 ? length - by : length;
  });
const right = (own: number, other: number, i: number, j: number) => own === other && j <= i;
const changed = (of: (right: tf.Tensor2D) => tf.Tensor) => ({
  maskOf: (lengths: number[]) => tf.tidy(() => of(solution.maskOf(lengths))),
});

testExercise(packing, solution, {
  'the positions run on': byPlace((place) => place),
  'the positions run on: each text': byPlace((place) => place + 1),
  'the first position is 1': byText((length) => count(length, (i) => i + 1)),
  'that is the length of the text': byText((length) => count(length, () => length)),
  'that is the number of the text: the position': byText((length, text) =>
    count(length, () => text),
  ),
  'that is where the text starts': byText((length, _, start) => count(length, () => start)),
  'positionsOf: the order is reversed': byText((length) => count(length, (i) => length - 1 - i)),
  'positionsOf: each text starts one token too late': {
    positionsOf: (lengths) => solution.positionsOf(shifted(lengths, 1)),
  },
  'positionsOf: each text starts one token too early': {
    positionsOf: (lengths) => solution.positionsOf(shifted(lengths, -1)),
  },
  'positionsOf: every text is taken as long as the first': byPlace(
    (place, lengths) => place % (lengths[0] ?? NaN),
  ),
  'every text is padded to the longest': {
    positionsOf: (lengths) => solution.positionsOf(lengths.map(() => Math.max(...lengths))),
  },
  'only the first text has positions': {
    positionsOf: (lengths) => solution.positionsOf(lengths.slice(0, 1)),
  },
  'every position is 0': byPlace(() => 0),
  'a tensor of dtype float32 where int32 is asked for': {
    positionsOf: (lengths) => tf.tidy(() => solution.positionsOf(lengths).toFloat()),
  },
  'an array where a tensor is asked for': {
    positionsOf: (lengths) => lengths.flatMap((length) => count(length, (i) => i)),
  },
  'a text sees those before it': mask((_, __, i, j) => j <= i),
  'texts of one length see each other': {
    maskOf: (lengths) => {
      const own = lengths.flatMap((length) => count(length, () => length));
      return tf.tensor2d(own.map((a, i) => own.map((b, j) => Number(a === b && j <= i))));
    },
  },
  'a token sees what comes after it': mask((own, other) => own === other),
  'the transpose: row i says': mask((own, other, i, j) => own === other && j >= i),
  'a token does not see itself': mask((own, other, i, j) => own === other && j < i),
  'a token sees only itself': mask((_, __, i, j) => i === j),
  'upside down: 1 is where': mask((...two) => !right(...two)),
  'only other texts are seen': mask((own, other, i, j) => own !== other && j <= i),
  'only other texts are seen: a token': mask((own, other) => own !== other),
  'texts see those before them, and all of their own': mask((own, other) => other <= own),
  'maskOf: each text starts one token too late': cut((lengths) => shifted(lengths, 1)),
  'maskOf: each text starts one token too early': cut((lengths) => shifted(lengths, -1)),
  'maskOf: every text is taken as long as the first': mask(
    (_, __, i, j) => j <= i && Math.floor(i / 4) === Math.floor(j / 4),
  ),
  'everything is seen': mask(() => true),
  'that is added to scores': mask((...two) => (right(...two) ? 0 : -Infinity)),
  'that is added to scores: here': changed((seen) => tf.sub(1, seen).mul(-1e9)),
  'here it is 1 for what is seen': changed((seen) => tf.sub(1, seen).mul(-Infinity)),
  'hidden is -1: it is 0': changed((seen) => seen.mul(2).sub(1)),
  'each row adds up to 1': changed((seen) => seen.div(seen.sum(1, true))),
  'maskOf: that is the number of the text': mask((own, ...more) =>
    right(own, ...more) ? own + 1 : 0,
  ),
  'a tensor of dtype bool where float32 is asked for': changed((seen) => seen.toBool()),
});

testLeaks(packing, solution, {
  '2 tensors stay in memory per call of positionsOf': {
    positionsOf: (lengths) => {
      const list = tf.tensor1d(
        lengths.flatMap((length) => count(length, (i) => i)),
        'int32',
      );
      return list.add(list).sub(list);
    },
  },
  '7 tensors stay in memory per call of maskOf': {
    maskOf: (lengths) => {
      const texts = lengths.flatMap((length, text) => count(length, () => text));
      const [text, place] = [tf.tensor1d(texts), tf.range(0, texts.length)];
      const isSame = text.expandDims(1).equal(text);
      return isSame.logicalAnd(place.expandDims(1).greaterEqual(place)).toFloat();
    },
  },
});
