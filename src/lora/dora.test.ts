import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../tests/close';
import { NonFiniteError } from '../tensor/errors';
import { Linear, type LinearLayer } from '../tensor/nn';
import { halfLinear } from '../tensor/quant';
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

  describe('where rows of W0 are zero, or too small to have a norm', () => {
    /** [3, 4]: row 0 is zero, row 1 tiny, row 2 of length 5 */
    const W0 = [
      [0, 0, 0, 0],
      [1e-25, 0, -1e-25, 0],
      [3, 0, 0, 4],
    ];
    const host = {
      weight: Float32Array.from(W0.flat()),
      bias: null,
      outFeatures: 3,
      inFeatures: 4,
    };
    const bases: Record<string, () => LinearLayer> = {
      float32: () => new Linear({ weight: tf.tensor2d(W0) }),
      float16: () => halfLinear(host),
      'all zero': () => new Linear({ weight: tf.zeros([3, 4]) }),
    };
    for (const [what, make] of Object.entries(bases)) {
      test(`all is finite, starts as W0, merges and learns: ${what}`, async () => {
        const base = make();
        freezeBaseModel(base);
        const layer = applyLoraToLinear(base, { r: 2, alpha: 5, seed: 2, variant: dora });
        const x = new Random(4).normal<tf.Rank.R2>([6, 4], 0, 1);
        assertClose(await read(layer.forward(x)), await read(base.forward(x)), 1e-5);
        assert.ok((await read(layer.forward(x).slice([0, 0], [6, 1]))).every((h) => h === 0));
        const target = new Random(5).normal<tf.Rank.R2>([6, 3], 0, 1);
        const loss = () => layer.forward(x).sub(target).square().mean<tf.Scalar>();
        const [before = NaN] = await read(tf.tidy(loss));
        const variables = [...layer.namedParameters().values()].filter(
          ({ trainable }) => trainable,
        );
        const optimizer = tf.train.adam(0.02);
        for (let step = 0; step < 100; step++) optimizer.minimize(loss, false, variables);
        const [after = NaN] = await read(tf.tidy(loss));
        assert.ok(after < 0.9 * before, `${before} to ${after}`);
        const row = await read(layer.forward(x).slice([0, 0], [6, 1]));
        assert.ok(Math.max(...row.map(Math.abs)) > 0.1, 'the zero row has not learned');
        const merged = await mergeLoraWeights(layer);
        assertClose(await read(merged.forward(x)), await read(layer.forward(x)), 1e-4);
        optimizer.dispose();
      });
    }

    test('a magnitude of 0, as PEFT saves it, keeps its row at 0', async () => {
      const base = new Linear({ weight: tf.tensor2d(W0) });
      freezeBaseModel(base);
      const layer = applyLoraToLinear(base, { r: 2, alpha: 5, variant: dora });
      (layer.variant as Dora).magnitude.assign(tf.tensor1d([0, 0, 5]));
      const x = tf.ones<tf.Rank.R2>([1, 4]);
      assertClose(await read(layer.forward(x)), [0, 0, 7], TOLERANCE);
      assertClose(await read((await mergeLoraWeights(layer)).weight), [...W0.flat()], TOLERANCE);
      const { grads } = tf.variableGrads(() => layer.forward(x).square().sum().asScalar());
      for (const gradient of Object.values(grads)) {
        assert.ok((await read(gradient)).every(Number.isFinite));
      }
    });

    test('a merged row of zeros is unmerged to zeros', async () => {
      const base = new Linear({ weight: tf.tensor2d(W0) });
      const layer = applyLoraToLinear(base, { r: 2, alpha: 5, variant: dora });
      const merged = await mergeLoraWeights(layer);
      const back = await unmergeLoraWeights(merged, layer.lora, layer.variant);
      assertClose(await read(back.weight), [...W0.flat()], TOLERANCE);
    });
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
