import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../tests/close';
import { freshSeed } from '../../tests/fresh';
import { add, type Matrix, matrix, multiply, transpose } from '../../tests/matrix';
import { ArgumentError } from '../tensor/errors';
import { Dropout, Linear } from '../tensor/nn';
import { memory, Random, read, useAccelerator } from '../tensor/runtime';
import { dora } from './dora';
import { freezeBaseModel } from './freeze';
import { applyLoraToLinear, type LoRALinear } from './lora-linear';
import { mergeLoraWeights } from './merge';

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

/** m ⊙ x / (1 - p) for the m of an adapter in training with this seed; [n, k] */
async function dropped(x: Matrix, seed: number): Promise<Matrix> {
  const dropout = new Dropout(p);
  dropout.setTraining(new Random(seed));
  const factors = await matrix(dropout.forward(tf.ones([n, k])));
  return x.map((row, i) => row.map((value, j) => value * (factors[i]?.[j] ?? NaN)));
}

/** s x */
function scaled(x: Matrix): Matrix {
  return x.map((row) => row.map((value) => (alpha / r) * value));
}

describe("the adapter's dropout", () => {
  test("acts on the adapter's input only, and in training only", async () => {
    const layer = adapted();
    const x = input();
    const X = await matrix(x);
    const [A, B] = [await matrix(layer.lora.A), await matrix(layer.lora.B)];
    const base = await matrix(layer.base.forward(x));
    const wanted = (seen: Matrix) =>
      add(base, scaled(multiply(multiply(seen, transpose(A)), transpose(B)))).flat();
    layer.setTraining(new Random(8));
    assertClose(await valuesOf(layer.forward(x)), wanted(await dropped(X, 8)), 1e-5, 'in training');
    layer.setTraining(null);
    assertClose(await valuesOf(layer.forward(x)), wanted(X), 1e-5, 'out of training');
    const merged = await mergeLoraWeights(layer);
    assertClose(await valuesOf(merged.forward(x)), wanted(X), 1e-5, 'merged');
  });

  const seed = freshSeed();
  test(`leaves h and its gradients equal to loops in float64, seed ${seed}`, async () => {
    const layer = adapted();
    const random = new Random(seed);
    const [x, dh] = [random.normal([2, 3, k], 0, 1), random.normal([2, 3, d], 0, 1)];
    const forward = (v: tf.Tensor) => {
      layer.setTraining(new Random(8));
      return layer.forward(v);
    };
    const loss = () => forward(x).mul(dh).sum().asScalar();
    const { grads } = tf.variableGrads(loss);
    const { value, grad } = tf.valueAndGrad(forward)(x, dh);

    const { base, lora } = layer;
    const { weight, bias } = base as Linear;
    const [X, D, W] = [await matrix(x), await matrix(dh), await matrix(weight)];
    const [A, B] = [await matrix(lora.A), await matrix(lora.B)];
    const seen = await dropped(X, 8);
    const low = scaled(multiply(seen, transpose(A)));
    const dLow = scaled(multiply(D, B));
    const b = await matrix(bias as tf.Tensor);
    const ofUpdate = multiply(low, transpose(B));
    const h = add(
      add(multiply(X, transpose(W)), ofUpdate),
      D.map(() => b.flat()),
    );
    const want: [string, tf.Tensor | undefined, Matrix][] = [
      ['h', value, h],
      ['dL/dx', grad, add(multiply(D, W), await dropped(multiply(dLow, A), 8))],
      ['dL/dW0', grads[weight.name], multiply(transpose(D), X)],
      ['dL/dA', grads[lora.A.name], multiply(transpose(dLow), seen)],
      ['dL/dB', grads[lora.B.name], multiply(transpose(D), low)],
      ['dL/db', grads[bias?.name ?? ''], multiply([D.map(() => 1)], D)],
    ];
    for (const [what, got, of] of want) {
      assertClose(await read(got as tf.Tensor), of.flat(), 1e-5, what);
    }
  });

  test('keeps as much for backward as an adapter without dropout', () => {
    const kept = [0, p].map((dropout) => {
      const layer = adapted({ dropout });
      freezeBaseModel(layer.base);
      layer.setTraining(new Random(8));
      const first = tf.variable(tf.ones([100, k]));
      const { bytes } = memory();
      let more = NaN;
      tf.variableGrads(() => {
        const h = tf.tidy(() => layer.forward(first.mul(2)));
        more = memory().bytes - bytes;
        return h.sum();
      });
      return more;
    });
    assert.equal(kept[1], kept[0]);
  });

  test('with DoRA changes nothing outside training', async () => {
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
