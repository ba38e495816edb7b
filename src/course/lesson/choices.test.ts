import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { LoRALayer } from '../../lora';
import { Random, read, useAccelerator } from '../../tensor/runtime';
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
});
