import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../tests/close';
import { NonFiniteError } from '../tensor/errors';
import { Linear } from '../tensor/nn';
import { memory, Random, read, useAccelerator } from '../tensor/runtime';
import type { Dora } from './dora';
import { dora } from './dora';
import { freezeBaseModel } from './freeze';
import { applyLoraToLinear, removeLoraFromLinear } from './lora-linear';
import { mergeLoraWeights, unmergeLoraWeights } from './merge';

before(useAccelerator);

const TOLERANCE = 1e-5;

/** k = 7, d = 5, s = 2.5; B and m are not what they start as. */
function trained() {
  const base = new Linear({ inFeatures: 7, outFeatures: 5, seed: 1 });
  freezeBaseModel(base);
  const layer = applyLoraToLinear(base, { r: 2, alpha: 5, seed: 2, variant: dora });
  const { magnitude } = layer.variant as Dora;
  const random = new Random(3);
  tf.tidy(() => {
    layer.lora.B.assign(random.normal<tf.Rank.R2>([5, 2], 0, 0.5));
    magnitude.assign(magnitude.mul(random.uniform<tf.Rank.R1>([5], 0.5, 2)));
  });
  return { base, layer, magnitude };
}

// Outputs, gradients and merged weights against PEFT's: src/peft/golden.test.ts.
describe('DoRA', () => {
  const x = () => new Random(4).normal<tf.Rank.R3>([2, 3, 7], 0, 1);

  test('starts as the base, with the norms of its rows', async () => {
    const base = new Linear({ inFeatures: 7, outFeatures: 5, seed: 1 });
    const layer = applyLoraToLinear(base, { r: 2, alpha: 5, variant: dora });
    assertClose(await read(layer.forward(x())), await read(base.forward(x())), TOLERANCE);
    const { magnitude } = layer.variant as Dora;
    assertClose(await read(magnitude), await read(tf.norm(base.weight, 2, 1)), TOLERANCE);
  });

  test('merges to rows of length m, and unmerges to the base', async () => {
    const { base, layer, magnitude } = trained();
    const merged = await mergeLoraWeights(layer);
    assertClose(await read(tf.norm(merged.weight, 2, 1)), await read(magnitude), TOLERANCE);
    assertClose(await read(merged.forward(x())), await read(layer.forward(x())), TOLERANCE);
    const back = await unmergeLoraWeights(merged, layer.lora, layer.variant);
    assertClose(await read(back.weight), await read(base.weight), TOLERANCE);
  });

  test('a NaN row cannot be merged', async () => {
    const { layer, magnitude } = trained();
    tf.tidy(() => magnitude.assign(tf.tensor1d([1, 1, NaN, 1, 1])));
    await assert.rejects(mergeLoraWeights(layer), NonFiniteError);
  });

  test('A, B and m have a gradient, and nothing is left behind', () => {
    const start = memory();
    const input = x();
    const { base, layer, magnitude } = trained();
    const loss = () => layer.forward(input).square().sum().asScalar();
    const { value, grads } = tf.variableGrads(loss);
    const names = [layer.lora.A, layer.lora.B, magnitude].map(({ name }) => name);
    assert.deepEqual(Object.keys(grads).sort(), names.sort());
    tf.dispose([input, value, grads]);
    removeLoraFromLinear(layer);
    assert.ok(magnitude.isDisposed && !base.isDisposed);
    base.dispose();
    assert.deepEqual(memory(), start);
  });
});
