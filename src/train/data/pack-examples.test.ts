import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { exampleOf } from '../../../tests/example';
import { freshSeed } from '../../../tests/fresh';
import { llamaCase, tolerance } from '../../../tests/llama-cases';
import { tinyGpt2 } from '../../../tests/tiny-gpt2';
import { someOf } from '../../../tests/some-of';
import { injectLora, loraLayersOf } from '../../lora';
import type { LanguageModel } from '../../model';
import { Draw, memory, Random, read, useAccelerator } from '../../tensor/runtime';
import { IGNORED } from '../loop';
import { makeBatch } from './batch';
import { completionLogProbabilities, completionLoss } from './completion-loss';
import type { Example } from './example';
import { packExamples } from './pack-examples';

/** Examples of 2 to 12 tokens, some with a label on their first, which nothing comes before. */
function drawExamples(count: number, seed: number): Example[] {
  const draw = new Draw(seed, 'examples');
  const some = (least: number, most: number) =>
    Array.from({ length: draw.int(least, most) }, () => draw.int(0, 60));
  return Array.from({ length: count }, (_, i) => {
    const text = exampleOf({ prompt: some(1, 6), completion: some(1, 6) });
    return i % 5 === 0 ? { ...text, labels: text.ids } : text;
  });
}

/** The texts of packed rows, as they were. */
function unpacked(rows: readonly Example[]): string[] {
  return rows.flatMap(({ ids, labels, starts = [] }) =>
    [...new Set(starts)].map((start) => {
      const at = [...starts.keys()].filter((i) => starts[i] === start);
      return JSON.stringify([at.map((i) => ids[i]), at.slice(1).map((i) => labels[i])]);
    }),
  );
}

describe('packExamples', () => {
  test('keeps every example whole, in rows that are nearly full', () => {
    const examples = drawExamples(1000, 4);
    const rows = packExamples(examples, 32);
    const texts = examples.map(({ ids, labels }) => JSON.stringify([ids, labels.slice(1)]));
    assert.deepEqual(unpacked(rows).sort(), texts.sort());
    assert.ok(rows.every(({ ids, labels }) => ids.length <= 32 && labels.length === ids.length));
    const tokens = examples.reduce((sum, { ids }) => sum + ids.length, 0);
    assert.ok(rows.length <= 1.02 * Math.ceil(tokens / 32), `${rows.length} rows of 32`);
  });

  test('refuses what does not fit, and what is packed', () => {
    const examples = [exampleOf({ prompt: [1, 2], completion: [3] })];
    const message = /length must be 3 or more, .* got 2\. Cut the examples first/;
    assert.throws(() => packExamples(examples, 2), { name: 'ArgumentError', message });
    assert.throws(() => packExamples(packExamples(examples, 3), 3), { message: /packed ones/ });
    assert.deepEqual(packExamples([], 3), []);
  });
});

describe('a packed example', () => {
  before(useAccelerator);

  const gpt2 = () => Promise.resolve<LanguageModel>(tinyGpt2(61, [1]));
  const llama = (name: string) => async () => (await llamaCase(name)).model as LanguageModel;
  // Rotations, a window shorter than a row, blocks without positions, shared keys.
  const models: Record<string, () => Promise<LanguageModel>> = {
    gpt2,
    llama: llama('llama'),
    mistral: llama('mistral'),
    gemma3: llama('gemma3'),
    smollm3: llama('smollm3'),
  };
  const targets = { gpt2: ['c_attn'] } as Record<string, string[] | undefined>;
  const seed = freshSeed();

  for (const [name, load] of someOf(Object.entries(models), 3)) {
    test(`is learned as if it were alone (${name}, seed ${seed})`, async () => {
      const model = await load();
      injectLora(model, {
        targetModules: targets[name] ?? ['q_proj', 'v_proj'],
        r: 3,
        alpha: 5,
        seed,
      });
      for (const { lora } of loraLayersOf(model).values()) {
        tf.tidy(() => lora.B.assign(new Random(seed).normal<tf.Rank.R2>(lora.B.shape, 0, 0.3)));
      }
      const examples = drawExamples(9, seed);
      const rows = packExamples(examples, 24);
      assert.ok(rows.length < 5);
      const alone = new Map<string, number[]>();
      for (const one of examples) {
        const key = JSON.stringify([one.ids, one.labels.slice(1)]);
        alone.set(key, (await completionLogProbabilities(model, [one]))[0] as number[]);
      }
      const together = (await completionLogProbabilities(model, rows)).flat();
      const want = unpacked(rows).flatMap((key) => alone.get(key) as number[]);
      assertClose(together, want, tolerance(), 'log-probabilities');

      const start = memory();
      const parameters = [...model.namedParameters().values()].filter(({ trainable }) => trainable);
      const gradients = async (some: readonly Example[]) => {
        const { value, grads } = tf.variableGrads(
          () => completionLoss(model, makeBatch(some)),
          parameters,
        );
        const read1 = async (tensor: tf.Tensor) => [...(await read(tensor))];
        const values = [
          await read1(value),
          ...(await Promise.all(Object.values(grads).map(read1))),
        ];
        tf.dispose([value, grads]);
        return values;
      };
      const [packed, single] = [await gradients(rows), await gradients(examples)];
      packed.forEach((values, i) =>
        assertClose(values, single[i] as number[], tolerance(3e-5), `gradient ${i}`),
      );
      assert.deepEqual(memory(), start);
      model.dispose();
    });
  }

  test('has no label on its first token', () => {
    const rows = packExamples(drawExamples(10, 1), 40);
    for (const { starts = [], labels } of rows) {
      starts.forEach((start, i) => assert.ok(start !== i || labels[i] === IGNORED));
    }
  });
});
