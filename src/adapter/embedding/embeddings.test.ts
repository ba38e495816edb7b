import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { baseOf } from '../../../tests/peft-cases';
import { injectLora, rsLora, loraLayersOf } from '../../lora';
import { ArgumentError, NonFiniteError } from '../../tensor/errors';
import { Embedding, Module } from '../../tensor/nn';
import { memory, Random, read, useAccelerator } from '../../tensor/runtime';
import {
  loraEmbeddingsOf,
  injectEmbeddings,
  mergeEmbeddings,
  removeEmbeddings,
} from './inject-embeddings';

const [rows, width, r, alpha] = [7, 5, 3, 4];
const IDS = [
  [0, 3, 3],
  [6, 1, 0],
];

before(useAccelerator);

/** A table in a model of its own. */
class Table extends Module {
  constructor() {
    super();
    const weight = new Random(1).normal<tf.Rank.R2>([rows, width], 0, 1);
    this.addChild('inner.table', new Embedding({ weight }));
    weight.dispose();
  }

  forward(ids: tf.Tensor): tf.Tensor {
    return this.child('inner.table').forward(ids);
  }
}

function adapted(more: object = {}) {
  const model = new Table();
  injectEmbeddings(model, { targetModules: ['table'], r, alpha, seed: 3, ...more });
  const [layer] = [...loraEmbeddingsOf(model).values()];
  assert.ok(layer);
  const { lora } = layer;
  tf.tidy(() => lora.A.assign(new Random(5).normal<tf.Rank.R2>([r, rows], 0, 1)));
  return { model, lora, layer };
}

async function outputOf(model: Module): Promise<number[]> {
  const h = tf.tidy(() => model.forward(tf.tensor2d(IDS, [2, 3], 'int32')));
  assert.deepEqual(h.shape, [2, 3, width]);
  return Array.from(await read(h).finally(() => h.dispose()));
}

describe('an adapter on an embedding', () => {
  test('computes E[i] + s B A[:, i], changes nothing at first, and leaves the table as it was when removed', async () => {
    const model = new Table();
    const base = await outputOf(model);
    assert.deepEqual(injectEmbeddings(model, { targetModules: ['inner.table'], r, alpha }), [
      'inner.table',
    ]);
    assertClose(await outputOf(model), base, 1e-6);
    removeEmbeddings(model);
    assert.deepEqual(await outputOf(model), base);
    for (const [scaling, s] of [
      [undefined, alpha / r],
      [rsLora, alpha / Math.sqrt(r)],
    ] as const) {
      const { model, lora } = adapted(scaling ? { scaling } : {});
      const [A, B] = [await read(lora.A), await read(lora.B)];
      const want = IDS.flat().flatMap((id, n) =>
        Array.from({ length: width }, (_, j) => {
          let sum = 0;
          for (let i = 0; i < r; i++) sum += (B[j * r + i] ?? NaN) * (A[i * rows + id] ?? NaN);
          return (base[n * width + j] ?? NaN) + s * sum;
        }),
      );
      assertClose(await outputOf(model), want, 1e-5);
    }
  });

  test('merged computes the same, and NaN is refused', async () => {
    const { model, lora } = adapted();
    const y = await outputOf(model);
    const before = lora.A.clone();
    tf.tidy(() => lora.A.assign(tf.fill([r, rows], NaN)));
    await assert.rejects(mergeEmbeddings(model), NonFiniteError);
    lora.A.assign(before);
    assert.deepEqual(await mergeEmbeddings(model), ['inner.table']);
    assert.deepEqual(await mergeEmbeddings(model), []);
    assertClose(await outputOf(model), y, 1e-5);
    assert.ok([...model.namedParameters().values()].every(({ trainable }) => !trainable));
  });

  test('is all that is trained, together with adapters on linear layers', async () => {
    const model = await baseOf('gpt2');
    injectLora(model, { targetModules: ['c_attn'], r: 1, alpha: 2 });
    injectEmbeddings(model, { targetModules: ['wte', 'wpe'], r: 2, alpha: 3 });
    const trained = [...model.namedParameters()].filter(([, { trainable }]) => trainable);
    assert.equal(trained.length, 2 * (loraLayersOf(model).size + 2));
    assert.ok(trained.every(([name]) => /\.lora\.[AB]$/.test(name)));
    await assert.rejects(mergeEmbeddings(model), /uses transformer.wte in a second place/);
  });

  test('stays trainable when linear layers get adapters after it', async () => {
    const model = await baseOf('gpt2');
    injectEmbeddings(model, { targetModules: ['wte'], r: 2, alpha: 3 });
    injectLora(model, { targetModules: ['c_attn'], r: 1, alpha: 2 });
    const trained = [...model.namedParameters()].filter(([, { trainable }]) => trainable);
    assert.equal(trained.length, 2 * (loraLayersOf(model).size + 1));
    assert.ok(trained.every(([name]) => /\.lora\.[AB]$/.test(name)));
  });

  test('leaves nothing behind', async () => {
    const { model } = adapted();
    await outputOf(model);
    removeEmbeddings(model);
    await outputOf(model);
    const start = memory();
    injectEmbeddings(model, { targetModules: ['table'], r, alpha });
    const loss = () =>
      model
        .forward(tf.tensor1d([1, 1, 2], 'int32'))
        .square()
        .mean()
        .asScalar();
    const { value, grads } = tf.variableGrads(loss);
    assert.equal(Object.keys(grads).length, 2);
    tf.dispose([value, grads]);
    removeEmbeddings(model);
    await outputOf(model);
    assert.deepEqual(memory(), start);
  });

  test('refuses layers that are not embeddings, and ranks and alphas out of range', () => {
    const model = new Table();
    const before = memory();
    for (const more of [{ targetModules: ['nowhere'] }, { r: 0 }, { alpha: NaN }]) {
      const options = { targetModules: ['table'], r, alpha, ...more };
      assert.throws(() => injectEmbeddings(model, options), ArgumentError);
    }
    assert.deepEqual(memory(), before);
    injectEmbeddings(model, { targetModules: ['table'], r, alpha });
    assert.throws(
      () => injectEmbeddings(model, { targetModules: ['table'], r, alpha }),
      /got table\. It has an adapter already/,
    );
    assert.throws(
      () => injectEmbeddings(model, { targetModules: ['nowhere'], r, alpha }),
      /There are .*table/,
    );
  });
});
