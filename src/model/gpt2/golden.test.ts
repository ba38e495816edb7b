import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { FIXTURES, readTensors } from '../../../tests/fixture';
import { memory, Random, read, useAccelerator } from '../../tensor/runtime';
import { loadModel, loadTokenizer } from '..';
import { generate, generateText, sample } from '../transformer';
import type { LanguageModel } from '../transformer';

const folder = path.join(FIXTURES, 'gpt2_tiny');
const json = JSON.parse(readFileSync(path.join(folder, 'expected.json'), 'utf8')) as {
  greedy: { prompt: number[]; new: number[] };
  texts: { text: string; ids: number[] }[];
};
const TEMPERED = { temperature: 1.3, topK: 20, topP: 0.95, seed: 3, stopTokens: [] };

/** Cuts the batch of 3 x 11 ids into rows. */
function rowsOf(ids: ArrayLike<number> | undefined): number[][] {
  return Array.from({ length: 3 }, (_, i) => Array.from(ids ?? []).slice(i * 11, (i + 1) * 11));
}

/** Mean next-token cross-entropy, in operations that have a gradient everywhere. */
function loss(model: LanguageModel, rows: number[][]): tf.Scalar {
  return tf.tidy(() => {
    const logits = model.forward(model.idsTensor(rows.map((row) => row.slice(0, -1))));
    const targets = tf.oneHot(
      tf.tensor1d(
        rows.flatMap((row) => row.slice(1)),
        'int32',
      ),
      61,
    );
    const logProbabilities = tf.logSoftmax(logits.reshape([-1, 61]));
    return logProbabilities.mul(targets).sum().div(-targets.shape[0]).asScalar();
  });
}

describe('GPT-2, against transformers in float64', () => {
  let model: LanguageModel;
  let expected: Map<string, Float32Array>;
  before(async () => {
    await useAccelerator();
    [model, expected] = await Promise.all([
      loadModel(folder),
      readTensors('gpt2_tiny/expected.safetensors'),
    ]);
    // The native library gets a weight, and a handle for it, at its first use.
    tf.tidy(() => model.forward(model.idsTensor([[1]])));
  });

  test('logits agree to 1e-4, absolute', async () => {
    const start = memory();
    const ids = model.idsTensor(rowsOf(expected.get('ids')));
    const logits = model.forward(ids);
    assert.deepEqual(logits.shape, [3, 11, 61]);
    const want = expected.get('logits') ?? [];
    const got = await read(logits);
    const worst = got.reduce(
      (max, value, i) => Math.max(max, Math.abs(value - (want[i] ?? NaN))),
      0,
    );
    assert.ok(worst <= 1e-4, `max difference ${worst}`);

    const hidden = model.hiddenStates(ids);
    const some = tf.tidy(() => model.logits(hidden.slice([1, 4], [1, 2])));
    assertClose(await read(some), want.slice((11 + 4) * 61, (11 + 6) * 61), 1e-5);
    tf.dispose([ids, logits, hidden, some]);
    assert.deepEqual(memory(), start);
  });

  test('the loss and the gradient of every parameter agree', async () => {
    const rows = rowsOf(expected.get('ids'));
    // tf.gather has no gradient on wasm, so the embeddings are frozen there.
    const isTable = (name: string) => tf.getBackend() === 'wasm' && /\.w[tp]e\./.test(name);
    const parameters = [...model.namedParameters()].filter(([name]) => !isTable(name));
    const start = memory();
    const { value, grads } = tf.variableGrads(
      () => loss(model, rows),
      parameters.map(([, parameter]) => parameter),
    );
    assertClose(await read(value), expected.get('loss') ?? [], 1e-5, 'loss');
    for (const [name, parameter] of parameters) {
      const gradient = grads[parameter.name] as tf.Tensor;
      assert.deepEqual(gradient.shape, parameter.shape);
      assertClose(await read(gradient), expected.get(`grad.${name}`) ?? [], 1e-4, name);
    }
    tf.dispose([value, grads]);
    assert.deepEqual(memory(), start);
  });

  test('greedy tokens are those of transformers, and nothing leaks', async () => {
    const { prompt, new: want } = json.greedy;
    const options = { maxNewTokens: want.length, stopTokens: [] };
    const start = memory();
    assert.deepEqual(await generate(model, [prompt], options), [want]);
    assert.deepEqual(memory(), start);
  });

  test('the cached path gives the tokens of the uncached one', async () => {
    const prompts = rowsOf(expected.get('ids')).map((row) => row.slice(0, 7));
    const cached = await generate(model, prompts, { ...TEMPERED, maxNewTokens: 5 });
    assert.ok(new Set(cached.flat()).size > 8, 'the tokens vary');
    const draws = await read(new Random(TEMPERED.seed).uniform([3 * 5], 0, 1));
    const texts = prompts.map((row) => [...row]);
    for (let i = 0; i < 5; i++) {
      const logits = await read(model.forward(model.idsTensor(texts)));
      texts.forEach((text, r) => {
        const end = (r + 1) * text.length * 61;
        text.push(sample(logits.slice(end - 61, end), draws[r * 5 + i] as number, TEMPERED));
      });
    }
    assert.deepEqual(
      cached,
      texts.map((text) => text.slice(7)),
    );
  });

  test('a past of several positions gives the hidden states of the whole text', async () => {
    const rows = rowsOf(expected.get('ids'));
    const first = model.extend(model.idsTensor(rows.map((row) => row.slice(0, 4))));
    const then = model.extend(model.idsTensor(rows.map((row) => row.slice(4))), first.past);
    const whole = model.hiddenStates(model.idsTensor(rows));
    assertClose(await read(first.hidden), await read(whole.slice([0, 0], [3, 4])), 1e-5);
    assertClose(await read(then.hidden), await read(whole.slice([0, 4], [3, 7])), 1e-5);
  });

  test('sampling is a function of the seed, and of no other prompt in the batch', async () => {
    const prompts = rowsOf(expected.get('ids')).map((row) => row.slice(0, 5));
    const options = { ...TEMPERED, maxNewTokens: 2 };
    const all = await generate(model, prompts, options);
    assert.deepEqual(await generate(model, prompts, options), all);
    assert.deepEqual(await generate(model, prompts.slice(0, 1), options), all.slice(0, 1));
    const ragged = [prompts[0], prompts[1]?.slice(2), prompts[2]] as number[][];
    const mixed = await generate(model, ragged, options);
    assert.deepEqual([mixed[0], mixed[2]], [all[0], all[2]]);
    assert.notDeepEqual(mixed[1], all[1]);
    assert.notDeepEqual(await generate(model, prompts, { ...options, seed: 4 }), all);
  });

  test('stop tokens and stop texts end a continuation and are cut off', async () => {
    const { prompt, new: want } = json.greedy;
    const stop = want.at(7) as number; // the first that is not yet in the text
    assert.equal(want.indexOf(stop), 7);
    const options = { maxNewTokens: want.length, stopTokens: [stop] };
    assert.deepEqual(await generate(model, [prompt], options), [want.slice(0, 7)]);

    const tokenizer = await loadTokenizer(folder, model.config);
    const text = json.texts[0]?.text ?? '';
    const short = { maxNewTokens: 9, stopTokens: [] };
    const whole = await generateText(model, tokenizer, text, short);
    assert.equal(whole, tokenizer.decode(want.slice(0, 9)));
    const end = whole.slice(5, 8);
    const cut = await generateText(model, tokenizer, text, { ...short, stop: ['@', end] });
    assert.equal(cut, whole.slice(0, whole.indexOf(end)));
  });

  test('the tokenizer gives the ids that Python gives, and back', async () => {
    const tokenizer = await loadTokenizer(folder, model.config);
    for (const { text, ids } of json.texts) {
      assert.deepEqual(tokenizer.encode(text).ids, ids, text);
    }
    assert.equal(tokenizer.decode(json.texts[2]?.ids ?? []), 'tom .');
  });
});
