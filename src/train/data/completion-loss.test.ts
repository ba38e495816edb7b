import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { exampleOf, type PromptCase } from '../../../tests/example';
import { tinyGpt2 } from '../../../tests/tiny-gpt2';
import type { GPT2 } from '../../model/gpt2';
import { Draw, memory, read, useAccelerator } from '../../tensor/runtime';
import { adamW, IGNORED, sparseCrossEntropy, train } from '../loop';
import { type Batch, makeBatch } from './batch';
import { completionLogProbabilities, completionLoss, meanLoss } from './completion-loss';
import type { Example } from './example';

const vocabSize = 61;
const cases = drawCases(12);
const examples = cases.map(exampleOf);

/** Prompts of 10 to 40 tokens, completions of 5 to 12. */
function drawCases(count: number): PromptCase[] {
  const draw = new Draw(5, 'examples');
  const text = (low: number, high: number) =>
    Array.from({ length: draw.int(low, high) }, () => draw.int(0, vocabSize - 1));
  return Array.from({ length: count }, () => ({ prompt: text(10, 40), completion: text(5, 12) }));
}

describe('the loss of completions', () => {
  let model: GPT2;
  before(async () => {
    await useAccelerator();
    model = tinyGpt2(vocabSize, [1]);
    tf.tidy(() => model.forward(model.idsTensor([[1]])));
  });

  test('is the mean over their tokens, whatever the batch they are in', async () => {
    const some = examples.slice(0, 5);
    const start = memory();
    const together = completionLoss(model, makeBatch(some));
    const [value = NaN] = await read(together);
    let [sum, count] = [0, 0];
    for (const one of cases.slice(0, 5)) {
      const text = [...one.prompt, ...one.completion];
      const logProbabilities = tf.tidy(() => tf.logSoftmax(model.forward(model.idsTensor([text]))));
      const values = await read(logProbabilities);
      one.completion.forEach((id, i) => {
        sum -= values[(one.prompt.length + i - 1) * vocabSize + id] ?? NaN;
        count += 1;
      });
      logProbabilities.dispose();
    }
    assertClose([value], [sum / count], 1e-5);
    together.dispose();
    assert.deepEqual(memory(), start);
    assertClose([await meanLoss(model, some)], [sum / count], 1e-5);
    assert.deepEqual(memory(), start);
  });

  test("is what a loss of one's own computes from all logits, with labels of -1 or -100", async () => {
    const { ids, labels } = makeBatch(examples.slice(0, 4));
    const losses = [IGNORED, -100].map((ignored) => {
      const given = labels.map((label) => (label === IGNORED ? ignored : label));
      const own = tf.tidy(() => sparseCrossEntropy(model.forward(model.idsTensor(ids)), given));
      return [own, completionLoss(model, { ids, labels: given })];
    });
    const values = await Promise.all(
      losses.flat().map(async (loss) => (await read(loss))[0] ?? NaN),
    );
    assertClose(values, new Array<number>(4).fill(values[0] ?? NaN), 1e-5);
    tf.dispose(losses);
  });

  test('of ten batches is the sum of their means', async () => {
    const batches = Array.from({ length: 10 }, (_, i) => makeBatch(examples.slice(i, i + 2)));
    const together = completionLoss(model, ...batches);
    const single = batches.map((batch) => completionLoss(model, batch));
    const means = await Promise.all(single.map((loss) => read(loss)));
    const sum = means.reduce((total, [mean = NaN]) => total + mean, 0);
    assertClose(await read(together), [sum], 1e-5);
    tf.dispose([together, single]);
  });

  test('takes the same step however the examples are cut into batches', async () => {
    const step = async (sizes: number[], ignored: number) => {
      const module = tinyGpt2(vocabSize, [1]);
      // tfjs has no gradient of a lookup on wasm.
      for (const [name, parameter] of module.namedParameters()) {
        if (/wte|wpe/.test(name)) parameter.trainable = false;
      }
      const some = [...examples.slice(0, 6), exampleOf({ prompt: [3, 4, 5], completion: [] })];
      const batches = sizes.map((size) => makeBatch(some.splice(0, size)));
      const steps = train({
        module,
        loss: ({ labels, ...batch }: Batch) => {
          const given = labels.map((label) => (label === IGNORED ? ignored : label));
          return completionLoss(module, { ...batch, labels: given });
        },
        batches,
        optimizer: adamW({ learningRate: 1e-3 }),
        accumulate: sizes.length,
        steps: 1,
      });
      const { value } = await steps.next();
      module.dispose();
      return [value?.loss ?? NaN, value?.gradientNorm ?? NaN] as const;
    };
    const [loss, norm] = await step([7], -1);
    for (const sizes of [
      [1, 6],
      [6, 1],
      [2, 3, 2],
      [1, 1, 1, 1, 1, 1, 1],
    ]) {
      for (const ignored of [-1, -100]) {
        const [partsLoss, partsNorm] = await step(sizes, ignored);
        assertClose([partsLoss], [loss], 1e-6, `loss of ${sizes.join()}`);
        assertClose([partsNorm], [norm], 1e-6, `norm of ${sizes.join()}`);
      }
    }
  });

  test('leaves out examples without a completion, and refuses none at all', async () => {
    const empty = exampleOf({ prompt: [3, 4, 5], completion: [] });
    const some = examples.slice(0, 3);
    const long = exampleOf({ prompt: new Array<number>(60).fill(1), completion: [] });
    const many = new Array<Example>(50).fill(long); // a batch of its own
    assertClose([await meanLoss(model, [...some, ...many])], [await meanLoss(model, some)], 1e-5);
    assert.deepEqual((await completionLogProbabilities(model, [empty])).flat(), []);
    for (const none of [[], [empty]]) {
      await assert.rejects(meanLoss(model, none), {
        name: 'ArgumentError',
        message: /^meanLoss: /,
      });
    }
    for (const bad of [[], [exampleOf({ prompt: [], completion: [1] })]]) {
      assert.throws(() => makeBatch(bad), { name: 'ArgumentError', message: /^makeBatch: / });
    }
  });

  test('is the mean of the negative log-probabilities of the tokens', async () => {
    const some = examples.slice(0, 5);
    const loss = completionLoss(model, makeBatch(some));
    const start = memory();
    const logs = await completionLogProbabilities(model, some);
    assert.deepEqual(memory(), start);
    assert.deepEqual(
      logs.map(({ length }) => length),
      cases.slice(0, 5).map(({ completion }) => completion.length),
    );
    const all = logs.flat();
    const mean = all.reduce((sum, log) => sum + log, 0) / all.length;
    assertClose([-mean], [...(await read(loss))], 1e-5);
    loss.dispose();
    for (const [i, one] of some.entries()) {
      const [alone = []] = await completionLogProbabilities(model, [one]);
      assertClose(logs[i] ?? [], alone, 1e-4);
    }
  });
});
