import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../tests/close';
import { ArgumentError, memory, Random, read, useAccelerator } from '../runtime';
import { applyLoraToLinear, dora, Linear, type LoRALinear, mergeLoraWeights } from '.';

const [n, k, d, r, alpha, p] = [6, 7, 5, 2, 3, 0.4];

before(useAccelerator);

function adapted(more: object = {}): LoRALinear {
  const base = new Linear({ inFeatures: k, outFeatures: d, seed: 3 });
  const layer = applyLoraToLinear(base, { r, alpha, dropout: p, seed: 4, ...more });
  tf.tidy(() => layer.lora.B.assign(new Random(5).normal<tf.Rank.R2>([d, r], 0, 1)));
  return layer;
}

const input = () => new Random(6).normal<tf.Rank.R2>([n, k], 0, 1);

async function valuesOf(tensor: tf.Tensor): Promise<number[]> {
  return Array.from(await read(tensor));
}

/** Row times column, in float64: a [rows, inner], b [columns, inner] */
function product(a: number[], b: number[], inner: number): number[] {
  const row = (of: number[], i: number) => of.slice(i * inner, (i + 1) * inner);
  return Array.from({ length: a.length / inner }, (_, i) =>
    Array.from({ length: b.length / inner }, (_, j) =>
      row(a, i).reduce((sum, value, m) => sum + value * (row(b, j)[m] as number), 0),
    ),
  ).flat();
}

describe("the update's dropout", () => {
  test('is on its own input alone, and in training alone', async () => {
    const layer = adapted();
    const x = input();
    const [xs, mask] = [await valuesOf(x), await valuesOf(new Random(8).bernoulli([n, k], 1 - p))];
    const dropped = xs.map((value, i) => (value * (mask[i] as number)) / (1 - p));
    const [A, B] = [await valuesOf(layer.lora.A), await valuesOf(layer.lora.B)];
    const base = await valuesOf(layer.base.forward(x));
    const wanted = (input: number[]) => {
      const update = product(product(input, A, k), B, r);
      return base.map((h, i) => h + (alpha / r) * (update[i] as number));
    };
    layer.setTraining(new Random(8));
    assertClose(await valuesOf(layer.forward(x)), wanted(dropped), 1e-5, 'in training');
    layer.setTraining(null);
    assertClose(await valuesOf(layer.forward(x)), wanted(xs), 1e-5, 'out of training');
    const merged = await mergeLoraWeights(layer);
    assertClose(await valuesOf(merged.forward(x)), wanted(xs), 1e-5, 'merged');
  });

  test('reaches the gradient of A: s Bᵀ dy times the x that was kept', async () => {
    const layer = adapted();
    const x = input();
    layer.setTraining(new Random(8));
    const loss = () => layer.forward(x).sum().asScalar();
    const { value, grads } = tf.variableGrads(loss, [layer.lora.A, layer.lora.B]);
    const mask = await valuesOf(new Random(8).bernoulli([n, k], 1 - p));
    const kept = (await valuesOf(x)).map((one, i) => (one * (mask[i] as number)) / (1 - p));
    const B = await valuesOf(layer.lora.B);
    const want = Array.from({ length: r * k }, (_, i) => {
      const [row, column] = [Math.floor(i / k), i % k];
      const ofB = B.filter((_, j) => j % r === row).reduce((sum, one) => sum + one, 0);
      const ofX = kept.filter((_, j) => j % k === column).reduce((sum, one) => sum + one, 0);
      return (alpha / r) * ofB * ofX;
    });
    assertClose(await valuesOf(grads[layer.lora.A.name] as tf.Tensor), want, 1e-5);
    tf.dispose([value, grads]);
  });

  test('with DoRA changes nothing out of training', async () => {
    const [layer, without] = [adapted({ variant: dora }), adapted({ variant: dora, dropout: 0 })];
    const x = input();
    assert.deepEqual(await valuesOf(layer.forward(x)), await valuesOf(without.forward(x)));
    layer.setTraining(new Random(1));
    assert.notDeepEqual(await valuesOf(layer.forward(x)), await valuesOf(without.forward(x)));
  });

  test('is from 0 to less than 1, and leaves nothing behind', () => {
    const layer = adapted();
    const x = input();
    layer.setTraining(new Random(1));
    layer.forward(x).dispose();
    const start = memory();
    layer.forward(x).dispose();
    assert.throws(() => applyLoraToLinear(layer.base, { r, alpha, dropout: 1 }), ArgumentError);
    assert.deepEqual(memory(), start);
  });
});
