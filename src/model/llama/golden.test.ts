import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import {
  LLAMA_CASES,
  llamaCase,
  type LlamaCase,
  SIZES,
  tolerance,
} from '../../../tests/llama-cases';
import { someOf } from '../../../tests/some-of';
import type { Module } from '../../tensor/nn';
import { memory, read, useAccelerator } from '../../tensor/runtime';
import { loadModel, saveModel } from '..';
import { generate } from '../transformer';
import type { Llama } from './model';

const { batch, time, vocabulary, padding } = SIZES;

before(useAccelerator);

for (const name of someOf(LLAMA_CASES, 2)) {
  describe(`${name}, against transformers in float64`, () => {
    let given: LlamaCase;
    let model: Llama;
    before(async () => {
      given = await llamaCase(name);
      ({ model } = given);
    });

    test('hidden states after each block, and logits, agree', async () => {
      const start = memory();
      const ids = model.idsTensor(given.rows);
      const states = hiddenStates(model, ids);
      for (const [i, state] of states.entries()) {
        assertClose(await read(state), given.tensor(`hidden.${i}`), tolerance(), `hidden.${i}`);
      }
      const logits = model.forward(ids);
      assert.deepEqual(logits.shape, [batch, time, vocabulary]);
      assertClose(await read(logits), given.tensor('logits'), tolerance(), 'logits');
      tf.dispose([ids, states, logits]);
      assert.deepEqual(memory(), start);
    });

    test('padding before a shorter text of a batch changes nothing', async () => {
      const [shorter, longer] = given.rows as [number[], number[]];
      const rows = [shorter.map((id, t) => (t < padding ? 0 : id)), longer];
      const logits = tf.tidy(() => {
        const sizes = tf.tensor1d([padding, 0], 'int32');
        return model.logits(model.extend(model.idsTensor(rows), [], sizes).hidden);
      });
      const got = await read(logits);
      const [first, second] = [padding, time].map((positions) => positions * vocabulary);
      const want = given.tensor('short.logits');
      assertClose(got.slice(first, second), want, tolerance(), 'short');
      const other = given.tensor('logits').slice(second, 2 * (second as number));
      assertClose(got.slice(second), other, tolerance(), 'long');
      logits.dispose();
    });

    test('greedy tokens are those of transformers, and nothing leaks', async () => {
      const { prompt, new: want } = given;
      const start = memory();
      const options = { maxNewTokens: want.length, stopTokens: [] };
      // Keys in the cache of a dynamic rope were rotated for a shorter text, in transformers too.
      const isDynamic = model.config.blocks[0]?.rope?.type === 'dynamic';
      const got = isDynamic
        ? await withoutCache(model, prompt, want.length)
        : (await generate(model, [prompt], options))[0];
      assert.deepEqual(got, want);
      assert.deepEqual(memory(), start);
    });

    test('a past of several positions gives the hidden states of the whole text', async (t) => {
      if (model.config.blocks[0]?.rope?.type === 'dynamic') return t.skip('its past is another');
      const { rows } = given;
      const first = model.extend(model.idsTensor(rows.map((row) => row.slice(0, 6))));
      const then = model.extend(model.idsTensor(rows.map((row) => row.slice(6))), first.past);
      const whole = await read(tf.concat([first.hidden, then.hidden], 1));
      assertClose(whole, given.tensor(`hidden.${model.config.blocks.length}`), tolerance());
    });

    test('saved and loaded again, it has its keys and gives the same logits', async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'llama-save-'));
      after(() => rmSync(folder, { recursive: true }));
      await saveModel(model, folder);
      const again = await loadModel(folder);
      const logits = (one: typeof again) =>
        read(tf.tidy(() => one.forward(one.idsTensor(given.rows))));
      assert.deepEqual(await logits(again), await logits(model));
      const keys = (at: string) =>
        JSON.parse(readFileSync(path.join(at, 'config.json'), 'utf8')) as object;
      assert.deepEqual(keys(folder), { ...keys(given.folder), dtype: 'float32' });
      again.dispose();
    });
  });
}

/** What each block gets, and what the last norm gives; the caller's. */
function hiddenStates(model: Llama, ids: tf.Tensor): tf.Tensor[] {
  const modules = model.namedModules();
  const apply = (name: string, x: tf.Tensor) => (modules.get(name) as Module).forward(x);
  return tf.tidy(() => {
    let x = apply('model.embed_tokens', ids).mul(model.config.embedScale);
    const given = model.config.blocks.map((_, i) => {
      const before = x;
      x = apply(`model.layers.${i}`, x);
      return before;
    });
    return [...given, apply('model.norm', x)];
  });
}

/** The greedy continuation, the whole text anew for each token. */
async function withoutCache(model: Llama, prompt: number[], count: number): Promise<number[]> {
  const text = [...prompt];
  for (let i = 0; i < count; i++) {
    const best = tf.tidy(() => {
      const logits = model.forward(model.idsTensor([text]));
      return logits
        .slice([0, text.length - 1], [1, 1])
        .flatten()
        .argMax();
    });
    text.push((await best.data())[0] as number);
    best.dispose();
  }
  return text.slice(prompt.length);
}
