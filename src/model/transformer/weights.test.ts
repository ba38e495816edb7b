import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { ArgumentError, NonFiniteError } from '../../tensor/errors';
import { halfLinear, quantizedLinear } from '../../tensor/quant';
import { memory, Random, read, useAccelerator } from '../../tensor/runtime';
import { readWeights } from './read-weights';
import type { WeightLayout } from './weight-layout';
import { linearOf } from './weights';
import { writeWeights } from './write-weights';

const folder = mkdtempSync(path.join(tmpdir(), 'weights-'));
const file = path.join(folder, 'model.safetensors');
after(() => rmSync(folder, { recursive: true }));
before(useAccelerator);

/** Two layers, the first without bias, and a norm; in the file (in, out) if transposed. */
function layoutOf(transposed: boolean): WeightLayout {
  const matrix = (d: number, k: number) => (transposed ? [k, d] : [d, k]);
  return {
    shapes: new Map([
      ['model.q.weight', matrix(5, 7)],
      ['model.o.weight', matrix(7, 5)],
      ['model.o.bias', [7]],
      ['model.norm.weight', [7]],
    ]),
    linear: /\.[qo]\.weight$/,
    transposed,
    prefix: 'model.',
    ignored: /\.inv_freq$/,
    tied: {},
  };
}

function drawParameters(): Map<string, tf.Tensor> {
  const random = new Random(1);
  return new Map([
    ['model.q.weight', random.normal([5, 7], 0, 1)],
    ['model.o.weight', random.normal([7, 5], 0, 1)],
    ['model.o.bias', random.normal([7], 0, 1)],
    ['model.norm.weight', random.normal([7], 0, 1)],
  ]);
}

for (const transposed of [false, true]) {
  const layout = layoutOf(transposed);

  describe(`weights that a file has ${transposed ? '(in, out)' : '(out, in)'}`, () => {
    test('are on the accelerator once they are read', async () => {
      const parameters = drawParameters();
      await writeWeights(file, layout, parameters);
      const { nativeHandles } = memory();
      const weights = await readWeights(file, layout);
      if (nativeHandles !== null)
        assert.equal(memory().nativeHandles, nativeHandles + weights.size);
      for (const tensor of [...weights.values(), ...parameters.values()]) tensor.dispose();
    });

    test('are read as they were written', async () => {
      const start = memory().bytes;
      const parameters = drawParameters();
      await writeWeights(file, layout, parameters);
      const weights = await readWeights(file, layout);
      for (const [name, parameter] of parameters) {
        const weight = weights.get(name);
        assert.ok(weight instanceof tf.Tensor);
        assert.deepEqual(weight.shape, parameter.shape);
        assert.deepEqual(await read(weight), await read(parameter), name);
        tf.dispose([weight, parameter]);
      }
      assert.equal(memory().bytes, start);
    });

    for (const [name, make] of [
      ['float16', halfLinear],
      ['4 bits', quantizedLinear()],
    ] as const) {
      test(`become layers in ${name}, with a bias only if the layout has one`, async () => {
        const start = memory().bytes;
        const parameters = drawParameters();
        await writeWeights(file, layout, parameters);
        const weights = await readWeights(file, layout, make);
        assert.deepEqual([...weights.keys()], ['model.q', 'model.o', 'model.norm.weight']);
        const [q, o] = ['model.q', 'model.o'].map((layer) => linearOf(weights, layer));
        assert.ok(q && o);
        assert.deepEqual([q.outFeatures, q.inFeatures, q.bias], [5, 7, null]);
        assert.deepEqual([o.outFeatures, o.inFeatures], [7, 5]);
        const bias = parameters.get('model.o.bias') as tf.Tensor;
        assert.deepEqual(await read(o.bias as tf.Tensor), await read(bias));
        const x = tf.ones<tf.Rank.R2>([2, 7]);
        const h = q.forward(x);
        const want = tf.tidy(() => tf.matMul(x, q.denseWeight(), false, true));
        assertClose(await read(h), await read(want), 1e-5);
        tf.dispose([x, h, want, ...parameters.values()]);
        for (const weight of weights.values()) weight.dispose();
        assert.equal(memory().bytes, start);
      });
    }
  });
}

test('writeWeights refuses a missing parameter and one that is not finite', async () => {
  const layout = layoutOf(false);
  const parameters = drawParameters();
  parameters.set('model.o.bias', tf.fill([7], NaN));
  await assert.rejects(writeWeights(file, layout, parameters), {
    name: NonFiniteError.name,
    message: /every number of model\.o\.bias must be finite, got 7 of 7 NaN or infinite/,
  });
  parameters.delete('model.o.bias');
  await assert.rejects(writeWeights(file, layout, parameters), ArgumentError);
  tf.dispose([...parameters.values()]);
});

test('linearOf makes a float32 layer without bias where there is none', () => {
  const parameters = drawParameters();
  const layer = linearOf(parameters, 'model.q');
  assert.equal(layer.bias, null);
  assert.ok(linearOf(parameters, 'model.o').bias);
  layer.dispose();
  tf.dispose([...parameters.values()]);
});
