import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { LanguageModel } from '../../src/model';
import { packedLinear } from '../../src/tensor/quant';
import { read } from '../../src/tensor/runtime';
import { assertClose } from '../close';
import { readTensors } from '../fixture';
import { loadSmolLM2 } from './smollm2';

const [TEXTS, LENGTH, SUMS] = [10, 256, 16];
const TOLERANCE = 1e-4;
const SAME_TOP = 0.999;

/** What transformers computes in float64: `fixtures/smollm2_logits.py`. */
type Expected = Record<'ids' | 'top' | 'sums' | 'logits' | 'places', Float32Array>;

let expected: Expected;
let model: LanguageModel;
/** what was computed here, in the form of Expected */
const got = { top: [] as number[], sums: [] as number[], logits: new Map<number, Float32Array>() };

before(async () => {
  expected = Object.fromEntries(await readTensors('smollm2_logits.safetensors')) as Expected;
  model = await loadSmolLM2();
  const kept = new Set(places());
  for (let text = 0; text < TEXTS; text++) {
    for (const [i, row] of (await logitsOf(model, text)).entries()) {
      const place = text * LENGTH + i;
      got.top.push(row.indexOf(row.reduce((a, b) => Math.max(a, b))));
      got.sums.push(...signedSums(row));
      if (kept.has(place)) got.logits.set(place, row.slice());
    }
  }
});
after(() => model.dispose());

/** The logits at each position of a text. */
async function logitsOf(one: LanguageModel, text: number): Promise<Float32Array[]> {
  const ids = Array.from(expected.ids.subarray(text * LENGTH, (text + 1) * LENGTH));
  const logits = tf.tidy(() => one.forward(one.idsTensor([ids])));
  const values = await read(logits).finally(() => logits.dispose());
  return ids.map((_, i) => values.subarray(i * vocabulary(), (i + 1) * vocabulary()));
}

const vocabulary = () => model.config.vocabSize;

/** The positions of which all logits are kept, counted over all texts. */
function places(): number[] {
  const pairs = Array.from(expected.places);
  return pairs.flatMap((text, i) =>
    i % 2 === 0 ? [text * LENGTH + (pairs[i + 1] as number)] : [],
  );
}

test('the likeliest token is that of transformers at 99.9 % of 2,560 positions', () => {
  assert.equal(got.top.length, TEXTS * LENGTH);
  const same = got.top.filter((id, i) => id === expected.top[i]).length;
  console.log(`the same likeliest token at ${same} of ${got.top.length} positions`);
  assert.ok(same >= SAME_TOP * got.top.length);
});

test('all logits are those of transformers to 1e-4, by 16 sums with signs at each position', () => {
  const whole = relativeError(got.sums, expected.sums);
  const worst = Array.from({ length: TEXTS * LENGTH }, (_, i) => {
    const at = [i * SUMS, (i + 1) * SUMS] as const;
    return relativeError(got.sums.slice(...at), expected.sums.slice(...at));
  }).reduce((a, b) => Math.max(a, b));
  console.log(
    `relative error ${whole.toExponential(1)}, ${worst.toExponential(1)} at one position`,
  );
  assert.ok(whole <= TOLERANCE && worst <= TOLERANCE);
});

test('each logit of three positions is that of transformers to 1e-4', () => {
  for (const [i, place] of places().entries()) {
    const want = expected.logits.subarray(i * vocabulary(), (i + 1) * vocabulary());
    assertClose(got.logits.get(place) ?? [], want, TOLERANCE, `position ${place}`);
  }
});

test('logits are the same to 1e-4 with linear layers that stay packed in 4 bits', async () => {
  const packed = await loadSmolLM2({ linear: packedLinear });
  const sums = (await logitsOf(packed, 0)).flatMap((row) => [...signedSums(row)]);
  packed.dispose();
  assert.ok(relativeError(sums, expected.sums.slice(0, sums.length)) <= TOLERANCE);
});

/** |a - b| / |b| */
function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const square = (values: number[]) => values.reduce((sum, x) => sum + x * x, 0);
  const differences = Array.from(b, (value, i) => (a[i] ?? NaN) - value);
  return Math.sqrt(square(differences) / square(Array.from(b)));
}

/** Sums of a row with the signs of the fixture: the bits of a hash of each id. */
function signedSums(row: Float32Array): Float64Array {
  const sums = new Float64Array(SUMS);
  for (let id = 0; id < row.length; id++) {
    const bits = hash(id + 1);
    const value = row[id] as number;
    for (let i = 0; i < SUMS; i++) {
      sums[i] = (sums[i] as number) + ((bits >>> i) & 1 ? -value : value);
    }
  }
  return sums;
}

/** The last steps of murmur3. */
function hash(value: number): number {
  let h = value ^ (value >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
