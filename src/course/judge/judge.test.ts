import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useAccelerator } from '../../tensor/runtime';
import { EXERCISES, SOLUTIONS } from '../exercises';
import { judge } from './judge';
import { todo } from './todo';

const { merge } = EXERCISES;
const solution = SOLUTIONS.merge;

function verdictOn(mergeLoraWeights: unknown, seconds = 20) {
  const answers: Record<string, unknown> = { ...solution, mergeLoraWeights };
  return judge(merge, (name) => answers[name], { seed: 1, seconds });
}

describe('judge', () => {
  before(() => useAccelerator());

  test('reports an error that the answer throws, with its input', async () => {
    const error = new RangeError('no such axis');
    const verdict = await verdictOn(() => {
      throw error;
    });
    assert.equal(verdict.state, 'threw');
    assert.equal(verdict.thrown, error);
    assert.match(
      verdict.message,
      /w0 \[5, 3\], A \[2, 3\], B \[5, 2\], scaling 2\.5: RangeError: no/,
    );
  });

  test('fails an answer that throws on weights that are not square, and says so', async () => {
    // A B instead of B A
    const verdict = await verdictOn((w0: tf.Tensor2D, A: tf.Tensor2D, B: tf.Tensor2D, s: number) =>
      tf.tidy(() => {
        const [d, k] = w0.shape;
        if (d !== k) throw new Error('shapes do not fit');
        return w0.add(tf.matMul(B, A).mul(s));
      }),
    );
    assert.equal(verdict.state, 'failed');
    assert.match(verdict.message, /right only for square weights/);
    assert.match(verdict.findings[0]?.got ?? '', /shapes do not fit/);
  });

  test('says in words which shapes do not fit, and shows the error itself beside it', async () => {
    const product = await verdictOn((_: tf.Tensor2D, A: tf.Tensor2D) => {
      return tf.matMul(A, tf.zeros([7, 1]));
    });
    assert.equal(product.state, 'threw');
    assert.match(
      product.message,
      /a matrix product of \[2, 3\] and \[7, 1\] does not fit: the inner/,
    );
    assert.match(product.findings[0]?.got ?? '', /Error: /);
    const sum = await verdictOn((w0: tf.Tensor2D) => w0.add(tf.zeros([7, 3])));
    assert.match(sum.message, /\[5, 3\] and \[7, 3\] do not fit entry by entry/);
  });

  test('takes no answer for right on square weights alone that is right on others', async () => {
    const late = (layers: [number, number][], sigma: number[], r: number) => {
      const left = sigma.slice(r).map((s) => s * s);
      const missed = Math.sqrt(left.reduce((a, b) => a + b)) / Math.hypot(...sigma);
      return { ...SOLUTIONS.rank.rankTradeOff(layers, sigma, r), missed };
    };
    const verdict = await judge(EXERCISES.rank, () => late, { seed: 1, seconds: 20 });
    assert.equal(verdict.state, 'threw');
    assert.match(verdict.message, /reduce on an empty list needs a start value/);
  });

  test('of an asynchronous answer that throws late it names both, not the shape of the weights', async () => {
    const { rankTradeOff } = SOLUTIONS.rank;
    // eslint-disable-next-line @typescript-eslint/require-await
    const late = async (layers: [number, number][], sigma: number[], r: number) => {
      sigma.slice(r - 1).reduce((a, b) => a + b);
      return rankTradeOff(layers, sigma, r);
    };
    const verdict = await judge(EXERCISES.rank, () => late, { seed: 1, seconds: 20 });
    assert.equal(verdict.state, 'threw');
    assert.match(
      verdict.message,
      /r 12: reduce on an empty list needs a start value: .*\. It also returns a Promise: leave out async\.$/,
    );
  });

  test('tells which functions of an exercise are right already', async () => {
    const answers: Record<string, unknown> = { ...SOLUTIONS.qlora, dequantizeBlocks: todo };
    const { qlora } = EXERCISES;
    const verdict = await judge(qlora, (name) => answers[name], { seed: 1, seconds: 20 });
    assert.equal(verdict.state, 'not attempted');
    assert.deepEqual(verdict.right, ['nf4Levels', 'quantizeBlocks']);
    assert.deepEqual((await verdictOn(5)).right, []);
  });

  test('times out an answer that never resolves', async () => {
    const verdict = await verdictOn(() => new Promise(() => undefined), 0.05);
    assert.equal(verdict.state, 'timed out');
    assert.match(verdict.message, /within 0\.05 s.*stop it with ■/);
  });

  test('fails any value that is not a function', async () => {
    for (const value of [5, 'text', null, {}]) {
      const verdict = await verdictOn(value);
      assert.equal(verdict.state, 'failed');
      assert.match(verdict.message, /must be a function/);
    }
  });

  test('reports anything that an answer throws', async () => {
    for (const thrown of [undefined, null, 'text', { name: 'NotAttempted' }]) {
      const verdict = await verdictOn(() => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw thrown;
      });
      assert.equal(verdict.state, 'threw');
    }
  });

  test('draws the inputs from the seed', async () => {
    const inputs = async (seed: number) => {
      const { findings } = await judge(merge, (name) => Reflect.get(solution, name), {
        seed,
        seconds: 20,
      });
      return findings.map(({ expected }) => expected);
    };
    assert.deepEqual(await inputs(1), await inputs(1));
    assert.notDeepEqual(await inputs(1), await inputs(2));
  });
});
