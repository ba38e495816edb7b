/* An adapter on a head that is a layer of its own. Values against PEFT: adapter/peft/golden.test. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { exampleOf } from '../../../tests/example';
import { llamaCase, tolerance } from '../../../tests/llama-cases';
import { AdapterBank, BASE_ALONE } from '../../adapter';
import { injectLora, loraLayersOf, mergeLora } from '../../lora';
import { ArgumentError } from '../../tensor/errors';
import { Random, read, useAccelerator } from '../../tensor/runtime';
import { completionLogProbabilities, completionLoss, makeBatch } from '../../train';
import { generate } from '../transformer';
import type { Llama } from './model';

const EXAMPLES = [
  { prompt: [5, 17, 60], completion: [3, 22] },
  { prompt: [9], completion: [4, 33, 58, 12] },
  { prompt: [30, 8], completion: [] },
];

before(useAccelerator);

/** Puts an adapter with a B that is not zero on head and values. */
function adapt(model: Llama, seed: number): void {
  injectLora(model, { targetModules: ['lm_head', 'v_proj'], r: 2, alpha: 5, seed });
  for (const { lora } of loraLayersOf(model).values()) {
    tf.tidy(() => lora.B.assign(new Random(seed).normal<tf.Rank.R2>(lora.B.shape, 0, 0.3)));
  }
}

async function valuesOf(compute: () => tf.Tensor): Promise<Float32Array> {
  const tensor = tf.tidy(compute);
  return read(tensor).finally(() => tensor.dispose());
}

const lossOf = (model: Llama, examples = EXAMPLES) =>
  valuesOf(() => completionLoss(model, makeBatch(examples.map(exampleOf))));

/** The mean of -log p over the completions, from the logits. */
async function lossByHand(model: Llama): Promise<number> {
  const each: number[] = [];
  for (const { prompt, completion } of EXAMPLES) {
    const ids = [...prompt, ...completion];
    const all = await valuesOf(() => tf.logSoftmax(model.forward(model.idsTensor([ids]))));
    const size = model.config.vocabSize;
    completion.forEach((id, i) => each.push(-(all[(prompt.length - 1 + i) * size + id] ?? NaN)));
  }
  return each.reduce((sum, value) => sum + value, 0) / each.length;
}

test('counts in the loss of completions and in log-probabilities, and trains', async () => {
  const { model } = await llamaCase('llama_biases');
  const [before = NaN] = await lossOf(model);
  adapt(model, 3);
  const [loss = NaN] = await lossOf(model);
  assert.ok(Math.abs(loss - before) > 1e-2);
  assertClose([loss], [await lossByHand(model)], tolerance());
  const each = (await completionLogProbabilities(model, EXAMPLES.map(exampleOf))).flat();
  assertClose([-each.reduce((sum, value) => sum + value, 0) / each.length], [loss], tolerance());
  const { lora } = loraLayersOf(model).get('lm_head') ?? {};
  const { value, grads } = tf.variableGrads(() =>
    completionLoss(model, makeBatch(EXAMPLES.map(exampleOf))),
  );
  for (const matrix of [lora?.A, lora?.B]) {
    const [size = 0] = await read((grads[matrix?.name ?? ''] as tf.Tensor).abs().max());
    assert.ok(size > 0);
  }
  tf.dispose([value, grads]);
  model.dispose();
});

test('leaves no weight that alone makes the logits, until it is merged', async () => {
  const { model } = await llamaCase('llama_biases');
  assert.ok(!model.isHeadAdapted);
  adapt(model, 3);
  assert.ok(model.isHeadAdapted);
  assert.throws(
    () => model.head,
    (error: Error) =>
      error instanceof ArgumentError && /^head: .* no adapter.*mergeLora/.test(error.message),
  );
  const adapted = await lossOf(model);
  await mergeLora(model);
  assert.ok(!model.isHeadAdapted);
  assertClose(await lossOf(model), adapted, tolerance());
  model.dispose();
});

test('may differ from row to row of a batch', async () => {
  const { model } = await llamaCase('mistral');
  const bank = new AdapterBank(model);
  for (const [i, name] of ['one', 'two'].entries()) await bank.add(name, () => adapt(model, i + 5));
  const names = ['two', BASE_ALONE, 'one'];
  const prompts = EXAMPLES.map(({ prompt }) => prompt);
  const options = { maxNewTokens: 3, stopTokens: [] };
  bank.forRows(names);
  const written = await generate(model, prompts, options);
  const logs = await completionLogProbabilities(model, EXAMPLES.map(exampleOf));
  const batches = EXAMPLES.slice(0, 2).map((one) => makeBatch([exampleOf(one)]));
  const [sum = NaN] = await valuesOf(() => {
    const unlabelled = { ids: [[1, 2]], labels: [1, 2] };
    return completionLoss(model, ...batches, unlabelled);
  });
  let total = 0;
  for (const [i, name] of names.entries()) {
    bank.activate(...(name === BASE_ALONE ? [] : [name]));
    assert.deepEqual([written[i]], await generate(model, [prompts[i] as number[]], options));
    const one = EXAMPLES[i] as (typeof EXAMPLES)[0];
    const [alone = []] = await completionLogProbabilities(model, [exampleOf(one)]);
    assertClose(logs[i] as number[], alone, tolerance(), name);
    const batch = batches[i] ?? { ids: [[1, 2]], labels: [1, 2] };
    total += (await valuesOf(() => completionLoss(model, batch)))[0] ?? NaN;
  }
  assertClose([sum], [total], tolerance());
  bank.dispose();
  model.dispose();
});

test('is refused where the head is the embedding table', async () => {
  const { model } = await llamaCase('llama');
  const options = { targetModules: ['lm_head'], r: 2, alpha: 5 };
  assert.throws(() => injectLora(model, options), {
    name: 'ArgumentError',
    message: /targetModules must name linear layers .* got lm_head\. There are 14, called q_proj/,
  });
  model.dispose();
});
