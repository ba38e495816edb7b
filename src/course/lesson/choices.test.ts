import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { Matrix } from 'ml-matrix';
import { assertClose } from '../../../tests/close';
import { initFromBase, pissa } from '../../adapter/base-init';
import { dora, injectLora, LoRALayer, loraLayersOf } from '../../lora';
import { loadModel } from '../../model';
import { countParameters } from '../../tensor/nn';
import { LEVELS, quantize } from '../../tensor/quant';
import { Random, read, useAccelerator } from '../../tensor/runtime';
import { compareMeans } from '../measure';
import { BASE, readResults } from '../shipped';
import { type Choice, type ChoiceId, CHOICES } from './choices';

/** The answer that a question has right. */
function rightAnswer(id: ChoiceId): string {
  const { answers, right }: Choice = CHOICES[id];
  return answers[right.charCodeAt(0) - 'a'.charCodeAt(0)] ?? '';
}

describe('questions with answers to choose', () => {
  before(() => useAccelerator());

  for (const [id, choice] of Object.entries<Choice>(CHOICES)) {
    test(`${id} has two to four different answers, one of them right, and says why`, () => {
      const { question, answers, because } = choice;
      assert.ok(answers.length >= 2 && answers.length <= 4);
      assert.equal(new Set(answers).size, answers.length);
      assert.notEqual(rightAnswer(id as ChoiceId), '');
      assert.match(question, /\?$/);
      assert.match(because, /\.$/);
    });
  }

  test('small-product is what matMul computes', async () => {
    const product = tf.tidy(() => tf.matMul(tf.tensor2d([[2], [10]]), tf.tensor2d([[1, 0, -1]])));
    assert.deepEqual(JSON.parse(rightAnswer('small-product')), await product.array());
    product.dispose();
  });

  test("first-gradient: only A's is zero", async () => {
    const layer = new LoRALayer({ inFeatures: 6, outFeatures: 5, r: 2, alpha: 4 });
    const x = new Random(1).normal<tf.Rank.R2>([3, 6], 0, 1);
    const loss = () => layer.forward(x).sub(1).square().mean<tf.Scalar>();
    const { value, grads } = tf.variableGrads(loss, [layer.A, layer.B]);
    const sizes = [layer.A, layer.B].map(({ name }) =>
      tf.tidy(() => grads[name]?.norm() as tf.Scalar),
    );
    const [ofA = NaN, ofB = NaN] = (await Promise.all(sizes.map((size) => read(size)))).map(
      ([one]) => one,
    );
    assert.ok(ofA === 0 && ofB > 0, `${ofA} ${ofB}`);
    assert.equal(rightAnswer('first-gradient'), "A's");
    tf.dispose([value, grads, sizes, x]);
    layer.dispose();
  });

  const layerWith = { targetModules: ['h.0.mlp.c_fc'], r: 16, alpha: 32, seed: 1 };

  test('dora-length: rows are as long as in W0, however large B A is', async () => {
    const model = await loadModel(BASE);
    injectLora(model, { ...layerWith, variant: dora });
    const [layer] = [...loraLayersOf(model).values()];
    assert.ok(layer);
    layer.lora.B.assign(new Random(2).normal<tf.Rank.R2>([640, 16], 0, 5));
    const norms = (factor?: tf.Tensor) =>
      tf.tidy(() => {
        const W = layer.base.denseWeight();
        const whole = factor ? W.add(layer.lora.deltaWeight()).mul(factor) : W;
        return whole.square().sum(1).sqrt();
      });
    const factor = tf.tidy(
      () => layer.variant?.forward(tf.ones([640])).reshape([640, 1]) as tf.Tensor,
    );
    const [before, after] = [norms(), norms(factor)];
    assertClose(await read(after), await read(before), 1e-5);
    assert.equal(rightAnswer('dora-length'), 'as long as those of W0');
    tf.dispose([factor, before, after]);
    model.dispose();
  });

  test('pissa-share: more than half of the squares are in a tenth of the directions', async () => {
    const model = await loadModel(BASE);
    injectLora(model, layerWith);
    await initFromBase(model, pissa);
    const [layer] = [...loraLayersOf(model).values()];
    assert.ok(layer);
    const { A, B, scaling } = layer.lora;
    const share = tf.tidy(() => {
      const kept = tf.matMul(B, A).mul(scaling).square().sum();
      return kept.div(layer.base.denseWeight().square().sum());
    });
    const [value = NaN] = await read(share);
    assert.ok(value > 0.5 && value < 0.75, `${value}`);
    assert.equal(rightAnswer('pissa-share'), 'more than half');
    share.dispose();
    model.dispose();
  });

  test('pissa-share: of noise, a tenth of the directions holds a fifth', async () => {
    const noise = new Random(1).normal<tf.Rank.R2>([640, 160], 0, 1);
    const W0 = Matrix.from1DArray(640, 160, await read(noise));
    noise.dispose();
    const { A0, B0 } = pissa(W0, 16, 1);
    const share = (B0.mmul(A0).norm() / W0.norm()) ** 2;
    assert.ok(share > 0.18 && share < 0.22, `${share}`);
    assert.ok(CHOICES['pissa-share'].answers.includes('about a fifth, as in noise'));
  });

  test('best-variant: the interval of each difference from LoRA contains zero', () => {
    const solved = (method: string) =>
      readResults('sweep-variants')
        .filter((row) => row.method === method)
        .map((row) => row.exactMatch as number);
    for (const method of ['rslora', 'dora', 'pissa', 'loraplus']) {
      const { interval } = compareMeans(solved('lora'), solved(method));
      assert.ok(interval[0] <= 0 && interval[1] >= 0, method);
    }
    assert.equal(rightAnswer('best-variant'), 'none of the four');
  });

  const megabytes = (id: ChoiceId) => Number(/\d+/.exec(rightAnswer(id))?.[0]);

  test('bank-memory counts the base once', async () => {
    const model = await loadModel(BASE);
    injectLora(model, { targetModules: 'all-linear', r: 8, alpha: 16 });
    const { total, trainable } = countParameters(model);
    const bytes = 4 * (total + 2 * trainable);
    assert.ok(Math.abs(bytes / 1e6 - megabytes('bank-memory')) < 0.5, `${bytes}`);
    model.dispose();
  });

  test('larger-adapters are those of six layers of width 768', () => {
    const sums = [768 + 3 * 768, 768 + 768, 768 + 4 * 768, 4 * 768 + 768]; // d + k
    const numbers = 3 * 6 * 8 * sums.reduce((sum, one) => sum + one, 0);
    assert.ok(Math.abs((4 * numbers) / 1e6 - megabytes('larger-adapters')) < 0.5, `${numbers}`);
  });

  test('level-spacing: the narrowest gap is beside 0', () => {
    const levels = Array.from(LEVELS.nf4);
    const gaps = levels.slice(1).map((level, i) => level - (levels[i] ?? NaN));
    const narrowest = gaps.indexOf(Math.min(...gaps));
    assert.ok([levels[narrowest], levels[narrowest + 1]].includes(0));
    assert.equal(rightAnswer('level-spacing'), 'near 0');
  });

  test("busiest-level: most of the base's weights are rounded to 0, or to a level beside it", async () => {
    const model = await loadModel(BASE);
    const weight = model.namedParameters().get('transformer.h.0.attn.c_attn.weight');
    const { packed } = quantize(await read(weight as tf.Tensor));
    const codes = Array.from(packed).flatMap((byte) => [byte >> 4, byte & 15]);
    const counts = Array.from(
      LEVELS.nf4,
      (_, level) => codes.filter((code) => code === level).length,
    );
    const busiest = counts.indexOf(Math.max(...counts));
    assert.ok(Math.abs(busiest - Array.from(LEVELS.nf4).indexOf(0)) <= 1, counts.join());
    assert.equal(rightAnswer('busiest-level'), '0, or one beside it');
    model.dispose();
  });

  test("largest-part: AdamW's moments, as measured", () => {
    const rows = readResults('qlora-memory').filter(({ method }) => method === 'full');
    assert.ok(rows.length > 0);
    for (const { baseBytes, optimizerBytes } of rows) {
      assert.equal(optimizerBytes, 2 * (baseBytes as number));
    }
    assert.match(rightAnswer('largest-part'), /moments/);
  });
});
