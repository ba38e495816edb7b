import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../tests/close';
import { ArgumentError } from '../tensor/errors';
import { memory, read, useAccelerator } from '../tensor/runtime';
import { orthogonal } from './init';
import { LoRALayer } from './lora-layer';

before(useAccelerator);

describe('orthogonal', () => {
  const options = { inFeatures: 500, outFeatures: 300, r: 6, alpha: 9, init: orthogonal };

  test('neither A nor B is zero, and B A is', async () => {
    const layer = new LoRALayer({ ...options, seed: 3 });
    assert.deepEqual([layer.A.shape, layer.B.shape], [[6, 500], [300, 6]]); // prettier-ignore
    const largest = await read(layer.deltaWeight().abs().max());
    assert.ok((largest[0] as number) < 1e-6, `s B A up to ${largest[0]}`);
    for (const matrix of [layer.A, layer.B]) {
      // Each entry is a sum of r/2 normals times entries of Q, whose squares sum to r/2 over r rows.
      const values = await read(matrix);
      const std = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
      assert.ok(Math.abs(std * 10 * Math.SQRT2 - 1) < 0.08, `std ${std}`);
    }
  });

  test('A has half of the rank, as B has: A Aᵀ / k is a projection, scaled by 1/100', async () => {
    const layer = new LoRALayer({ ...options, inFeatures: 20000, seed: 4 });
    const gram = tf.tidy(() => tf.matMul(layer.A, layer.A, false, true).mul(100 / 20000));
    const values = await read(gram);
    const squared = await read(tf.matMul(gram, gram));
    assertClose(squared, values, 0.05);
    const trace = [0, 1, 2, 3, 4, 5].reduce((sum, i) => sum + (values[7 * i] as number), 0);
    assert.ok(Math.abs(trace - 3) < 0.1, `trace ${trace}`);
  });

  test('refuses an odd rank and leaves nothing behind', () => {
    const start = memory();
    assert.throws(() => new LoRALayer({ ...options, r: 5 }), ArgumentError);
    assert.deepEqual(memory(), start);
  });

  test('is a function of the seed, and leaves A and B alone in memory', async () => {
    const start = memory();
    const [one, same, other] = [1, 1, 2].map((seed) => new LoRALayer({ ...options, seed }));
    assert.deepEqual(await read((one as LoRALayer).B), await read((same as LoRALayer).B));
    assert.notDeepEqual(await read((one as LoRALayer).B), await read((other as LoRALayer).B));
    for (const layer of [one, same, other]) layer?.dispose();
    assert.deepEqual(memory(), start);
  });
});
