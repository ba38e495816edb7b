import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { ArgumentError } from '../errors';
import { memory, Random, read, useAccelerator } from '../runtime';
import { Dropout } from './dropout';
import { Module } from './module';

class Twice extends Module {
  constructor() {
    super();
    this.addChild('inner.first', new Dropout(0.5));
    this.addChild('second', new Dropout(0.2));
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.child('second').forward(this.child('inner.first').forward(x)));
  }
}

before(useAccelerator);

async function values(module: Module, x: tf.Tensor): Promise<Float32Array> {
  const y = module.forward(x);
  return read(y).finally(() => y.dispose());
}

describe('Dropout', () => {
  test('changes nothing outside training', async () => {
    const x = new Random(1).normal([4, 9], 0, 1);
    const dropout = new Dropout(0.4);
    assert.equal(dropout.isActive, false);
    assert.deepEqual(await values(dropout, x), await read(x));
    dropout.setTraining(new Random(3));
    assert.equal(dropout.isActive, true);
    assert.notDeepEqual(await values(dropout, x), await read(x));
    dropout.setTraining(null);
    assert.deepEqual(await values(dropout, x), await read(x));
  });

  test('sets a share p to 0 in training, and scales the rest by 1 / (1 - p)', async () => {
    const x = tf.fill([100, 60], 3);
    const dropout = new Dropout(0.3);
    dropout.setTraining(new Random(5));
    const y = await values(dropout, x);
    const kept = y.filter((value) => value !== 0);
    assertClose(kept, new Array<number>(kept.length).fill(3 / 0.7), 1e-6);
    assert.ok(Math.abs(kept.length / 6000 - 0.7) < 0.024, `${kept.length} of 6000`); // 4 sigma
  });

  test('draws from the given random, anew for each call and each entry', async () => {
    const x = tf.ones([8, 8]);
    const drawn = async (seed: number) => {
      const twice = new Twice();
      twice.setTraining(new Random(seed));
      return [await values(twice, x), await values(twice, x)];
    };
    const [first, second] = await drawn(7);
    assert.deepEqual(await drawn(7), [first, second]);
    assert.notDeepEqual(first, second);
    assert.notDeepEqual(await drawn(8), [first, second]);
    const all = [...(first as Float32Array)].map((value) => Math.round(1000 * value));
    assert.deepEqual([...new Set(all)].sort(), [0, 2500]); // 1 / 0.5 / 0.8
  });

  test('of p = 0 draws nothing, and p is from 0 to less than 1', async () => {
    const none = new Dropout(0);
    const random = new Random(1);
    none.setTraining(random);
    assert.equal(none.isActive, false);
    assert.deepEqual(await values(none, tf.ones([3])), new Float32Array(3).fill(1));
    assert.deepEqual(random.key(), new Random(1).key());
    for (const p of [-0.1, 1, NaN]) assert.throws(() => new Dropout(p), ArgumentError);
  });

  test('leaves nothing behind, and its gradient has the same mask', async () => {
    const x = tf.ones([5, 7]);
    const dropout = new Dropout(0.5);
    dropout.setTraining(new Random(2));
    const first = await values(dropout, x);
    const start = memory();
    dropout.setTraining(new Random(2));
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => dropout.forward(x).sum())(x);
    assert.deepEqual(await read(grad), first);
    tf.dispose([value, grad]);
    assert.deepEqual(memory(), start);
  });
});
