import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { FIXTURES } from '../../../tests/fixture';
import { FileError } from '../../files/local';
import {
  readSafetensors,
  SafetensorsError,
  type TensorToWrite,
  writeSafetensors,
} from '../../files/safetensors';
import { ArgumentError, DisposedError, NonFiniteError, ShapeError } from '../../tensor/errors';
import { countParameters, Linear } from '../../tensor/nn';
import { memory, Random, read, useAccelerator } from '../../tensor/runtime';
import { loadModel, loadTokenizer } from '..';
import { generate, type LanguageModel, penalize, sample } from '../transformer';
import { type GPT2Config, readConfig } from './config';
import { drawWeights } from './draw-weights';
import { GPT2 } from './model';

const fixture = path.join(FIXTURES, 'gpt2_tiny');
const folder = mkdtempSync(path.join(tmpdir(), 'gpt2-'));
after(() => rmSync(folder, { recursive: true }));
before(useAccelerator);

/** Writes the fixture with a changed config. */
function writeConfig(change: object): void {
  cpSync(fixture, folder, { recursive: true });
  const config = JSON.parse(readFileSync(path.join(fixture, 'config.json'), 'utf8')) as object;
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify({ ...config, ...change }));
}

/** Writes the fixture with changed tensors. */
async function writeTensors(change: (tensors: Map<string, TensorToWrite>) => void): Promise<void> {
  cpSync(fixture, folder, { recursive: true });
  const reader = await readSafetensors(path.join(fixture, 'model.safetensors'));
  const tensors = new Map<string, TensorToWrite>();
  for (const [name, { shape }] of reader.tensors) {
    tensors.set(name, { shape, values: await reader.read(name) });
  }
  await reader.close();
  change(tensors);
  await writeSafetensors(path.join(folder, 'model.safetensors'), tensors);
}

async function assertRefused(promise: Promise<unknown>, ...messages: RegExp[]): Promise<void> {
  await assert.rejects(promise, (error: Error) => {
    assert.ok(error instanceof FileError, String(error));
    for (const message of messages) assert.match(error.message, message);
    return true;
  });
}

async function fingerprint(model: LanguageModel): Promise<Float32Array> {
  const logits = tf.tidy(() => model.forward(model.idsTensor([[5, 1, 60, 7]])));
  return read(logits);
}

describe('config.json', () => {
  test('is read into sizes', async () => {
    assert.deepEqual(await readConfig(path.join(fixture, 'config.json')), {
      vocabSize: 61,
      maxPositions: 19,
      nEmbd: 24,
      nLayer: 2,
      nHead: 3,
      nInner: 40,
      layerNormEpsilon: 2e-5,
      eosTokenIds: [0],
    });
    writeConfig({ n_inner: null, eos_token_id: undefined, layer_norm_epsilon: undefined });
    const config = await readConfig(path.join(folder, 'config.json'));
    assert.deepEqual([config.nInner, config.eosTokenIds, config.layerNormEpsilon], [96, [], 1e-5]);
  });

  for (const [change, message] of [
    [{ activation_function: 'relu' }, /activation_function must be "gelu_new", got "relu"/],
    [{ model_type: 'mamba' }, /model_type must be one of gpt2, .*, got "mamba"/],
    [{ tie_word_embeddings: false }, /tie_word_embeddings must be true, got false/],
    [{ scale_attn_by_inverse_layer_idx: true }, /scale_attn_by_inverse_layer_idx must be false/],
    [{ n_head: 5 }, /n_head must be a divisor of n_embd = 24, got 5/],
    [{ n_layer: 1e9 }, /n_layer must be an integer from 1 to 1000, got 1000000000/],
    [{ vocab_size: '61' }, /vocab_size must be an integer .* got "61"/],
    [{ n_positions: undefined }, /n_positions must be an integer .* got nothing/],
    [{ n_inner: -1 }, /n_inner must be an integer/],
    [{ layer_norm_epsilon: 'x' }, /layer_norm_epsilon must be a positive number/],
    [{ eos_token_id: [1, 0.5] }, /eos_token_id must be a token id/],
  ] as const) {
    test(`with ${JSON.stringify(change)} is refused`, async () => {
      writeConfig(change);
      await assertRefused(loadModel(folder), message);
    });
  }

  test('lists every fault; and no file, no JSON, no object are refused', async () => {
    writeConfig({ n_layer: 0, activation_function: 'silu' });
    await assertRefused(loadModel(folder), /n_layer/, /silu/);
    for (const text of ['{', '[]', 'null']) {
      writeFileSync(path.join(folder, 'config.json'), text);
      await assertRefused(loadModel(folder), /must hold a JSON object/);
    }
    await assert.rejects(
      loadModel(path.join(folder, 'nowhere')),
      /ArgumentError: .*a folder that is there.*nowhere/,
    );
  });
});

describe('model.safetensors', () => {
  test('with missing, unexpected, misshapen and NaN tensors: all in one error, no leak', async () => {
    await writeTensors((tensors) => {
      tensors.delete('transformer.h.1.ln_2.bias');
      tensors.set('transformer.h.2.ln_1.bias', { shape: [24], values: new Float32Array(24) });
      tensors.set('transformer.wpe.weight', { shape: [24, 19], values: new Float32Array(456) });
      (tensors.get('transformer.ln_f.bias') as TensorToWrite).values[3] = NaN;
      (tensors.get('transformer.wte.weight') as TensorToWrite).values[0] = Infinity;
    });
    const start = memory();
    await assertRefused(
      loadModel(folder),
      /transformer\.h\.1\.ln_2\.bias is missing/,
      /transformer\.h\.2\.ln_1\.bias is unexpected/,
      /transformer\.wpe\.weight must be \[19, 24\], got \[24, 19\]/,
      /transformer\.ln_f\.bias must be finite, got 1 of 24 NaN or infinite/,
      /transformer\.wte\.weight must be finite, got 1 of/,
    );
    assert.deepEqual(memory(), start);
  });

  test('without the prefix, with masks and a repeated head gives the same model', async () => {
    await writeTensors((tensors) => {
      const all = [...tensors];
      tensors.clear();
      for (const [name, tensor] of all) tensors.set(name.replace('transformer.', ''), tensor);
      tensors.set('h.0.attn.bias', { shape: [1, 1, 2, 2], values: new Float32Array(4) });
      tensors.set('lm_head.weight', { ...(tensors.get('wte.weight') as TensorToWrite) });
    });
    const [model, same] = await Promise.all([loadModel(fixture), loadModel(folder)]);
    assert.deepEqual(await fingerprint(same), await fingerprint(model));
  });

  test('in float16 gives nearly the same model', async () => {
    await writeTensors((tensors) => {
      for (const tensor of tensors.values()) tensor.dtype = 'F16';
    });
    const [model, half] = await Promise.all([loadModel(fixture), loadModel(folder)]);
    assertClose(await fingerprint(half), await fingerprint(model), 0.01);
    assert.notDeepEqual(await fingerprint(half), await fingerprint(model));
  });

  test('with other weights for the head than the embedding, or a tensor twice, is refused', async () => {
    await writeTensors((tensors) => {
      const { shape, values } = tensors.get('transformer.wte.weight') as TensorToWrite;
      tensors.set('lm_head.weight', { shape, values: values.map((value) => value + 1) });
      tensors.set('wte.weight', { shape, values });
    });
    await assertRefused(
      loadModel(folder),
      /lm_head\.weight must equal/,
      /wte\.weight is there twice/,
    );
  });

  test('cut short is refused by the reader', async () => {
    cpSync(fixture, folder, { recursive: true });
    const file = path.join(folder, 'model.safetensors');
    writeFileSync(file, readFileSync(file).subarray(0, 20_000));
    const start = memory();
    await assert.rejects(loadModel(folder), SafetensorsError);
    assert.deepEqual(memory(), start);
  });
});

describe('tokenizer.json', () => {
  test('that does not fit the model, or is none, is refused', async () => {
    const config = await readConfig(path.join(fixture, 'config.json'));
    await assertRefused(
      loadTokenizer(fixture, { ...config, vocabSize: 50 }),
      /must be below the model's vocab_size 50, got ".*" = 5\d\. Does the tokenizer belong/,
    );
    for (const text of ['{', '{}', '{"model":{"type":"magic"}}']) {
      writeFileSync(path.join(folder, 'tokenizer.json'), text);
      await assertRefused(loadTokenizer(folder, config), /tokenizer\.json/);
    }
  });
});

describe('GPT2', () => {
  const config: GPT2Config = {
    vocabSize: 13,
    maxPositions: 8,
    nEmbd: 6,
    nLayer: 2,
    nHead: 2,
    nInner: 10,
    layerNormEpsilon: 1e-5,
    eosTokenIds: [],
  };
  const draw = (seed: number, sizes = config) => {
    const weights = drawWeights(sizes, seed);
    const model = new GPT2(sizes, weights);
    tf.dispose([...weights.values()]);
    return model;
  };

  test('has the parameters of GPT-2 small, by count and by name', () => {
    const small = {
      ...config,
      vocabSize: 50257,
      maxPositions: 1024,
      nEmbd: 768,
      nLayer: 12,
      nInner: 3072,
    };
    // The formula, as 124M numbers would be slow to draw: tables, 12 blocks, the last norm.
    const [c, v, t] = [768, 50257, 1024];
    assert.equal(v * c + t * c + 12 * (12 * c * c + 13 * c) + 2 * c, 124_439_808);
    const count = ({ vocabSize, maxPositions, nEmbd: c, nLayer, nInner: m }: GPT2Config) =>
      (vocabSize + maxPositions) * c + nLayer * (4 * c * c + 2 * c * m + 9 * c + m) + 2 * c;
    assert.equal(count(small), 124_439_808);
    const model = draw(1);
    assert.equal(countParameters(model).total, count(config));
    assert.ok(model.namedModules().get('transformer.h.1.attn.c_attn') instanceof Linear);
    model.dispose();
  });

  test('frees everything, and computes with what replaces a layer', async () => {
    const start = memory();
    const model = draw(1);
    const ids = model.idsTensor([[1, 2, 3]]);
    const before = model.forward(ids);
    model.replaceModule(
      'transformer.h.0.attn.c_attn',
      new Linear({ inFeatures: 6, outFeatures: 18 }),
    );
    const after = model.forward(ids);
    assert.notDeepEqual(await read(after), await read(before));
    model.dispose();
    assert.throws(() => model.forward(ids), DisposedError);
    tf.dispose([ids, before, after]);
    assert.deepEqual(memory(), start);
  });

  test('starts near a uniform guess, as a function of the seed', async () => {
    const values = async (seed: number) =>
      read(draw(seed).forward(tf.tensor2d([[3, 9]], [1, 2], 'int32')));
    const logits = await values(5);
    assert.ok(logits.every((value) => Math.abs(value) < 0.5));
    assert.deepEqual(await values(5), logits);
    assert.notDeepEqual(await values(6), logits);
  });

  test('a later token changes no earlier position, and huge scores give no NaN', async () => {
    const model = draw(2);
    const weight = model.namedParameters().get('transformer.h.0.attn.c_attn.weight') as tf.Variable;
    tf.tidy(() => weight.assign(new Random(1).normal([18, 6], 0, 300)));
    const first = await read(model.forward(model.idsTensor([[1, 2, 3, 4, 5]])));
    const other = await read(model.forward(model.idsTensor([[1, 2, 3, 11, 12]])));
    assert.ok(first.every(Number.isFinite));
    assertClose(first.slice(0, 3 * 13), other.slice(0, 3 * 13), 1e-6);
    assert.notDeepEqual(first.slice(3 * 13), other.slice(3 * 13));
  });

  test('continues prompts of different lengths together as each alone, and frees all', async () => {
    const model = draw(4);
    const weight = model.namedParameters().get('transformer.wte.weight') as tf.Variable;
    tf.tidy(() => weight.assign(new Random(1).normal([13, 6], 0, 1))); // tokens with opinions
    const prompts = [[5, 1], [7], [2, 9, 12, 3], [7]];
    const options = { maxNewTokens: 4, stopTokens: [] };
    tf.tidy(() => model.forward(model.idsTensor([[1]]))); // each weight's first use
    const start = memory();
    const together = await generate(model, prompts, options);
    assert.deepEqual(memory(), start);
    assert.equal(new Set(together.map(String)).size, 3);
    for (const [i, prompt] of prompts.entries()) {
      assert.deepEqual([together[i]], await generate(model, [prompt], options));
    }
    for (const prompt of prompts) {
      const padding = tf.tensor1d([4 - prompt.length], 'int32');
      const ids = model.idsTensor([[0, 0, 0, 0, ...prompt].slice(-4)]);
      const { hidden } = model.extend(ids, [], padding);
      const own = hidden.slice([0, 4 - prompt.length, 0]);
      assertClose(await read(own), await read(model.hiddenStates(model.idsTensor([prompt]))), 1e-5);
    }
    assert.deepEqual(await generate(model, [], options), []);
  });

  test('refuses ids and prompts that do not fit', async () => {
    const model = draw(3);
    tf.tidy(() => model.forward(model.idsTensor([[1]]))); // each weight's first use
    assert.throws(() => model.idsTensor([[13]]), /from 0 to 12, got 13\. Does the tokenizer/);
    assert.throws(() => model.idsTensor([[-1]]), ArgumentError);
    assert.throws(() => model.idsTensor([[1], [1, 2]]), /one length/);
    assert.throws(() => model.idsTensor([]), ArgumentError);
    assert.throws(() => model.forward(tf.zeros([1, 9], 'int32')), ShapeError);
    assert.throws(() => model.forward(tf.zeros([3], 'int32')), ShapeError);
    const start = memory();
    for (const [options, message] of [
      [{ maxNewTokens: 7 }, /at most 8 tokens .* got 2 \+ 7/],
      [{ maxNewTokens: 0 }, /maxNewTokens must be a positive integer/],
      [{ maxNewTokens: 1, temperature: -1, topP: 0 }, /temperature .* got -1; topP .* got 0/],
      [{ maxNewTokens: 1, topK: 1.5 }, /topK must be a positive integer, got 1.5/],
    ] as const) {
      await assert.rejects(generate(model, [[1, 2]], options), message);
    }
    await assert.rejects(generate(model, [[1, 99]], { maxNewTokens: 2 }), ArgumentError);
    await assert.rejects(generate(model, [[1], []], { maxNewTokens: 2 }), /1 token or more/);
    const bias = model.namedParameters().get('transformer.ln_f.bias') as tf.Variable;
    tf.tidy(() => bias.assign(tf.fill([6], NaN)));
    await assert.rejects(generate(model, [[1, 2]], { maxNewTokens: 2 }), NonFiniteError);
    assert.deepEqual(memory(), start);
  });
});

describe('sample', () => {
  const logits = Float32Array.of(1, 3, 2, 3, -4); // 1 and 3 are the likeliest, then 2

  /** How often each token comes, over u from 0 to 1. */
  function shares(options: Parameters<typeof sample>[2]): number[] {
    const counts = [0, 0, 0, 0, 0];
    for (let u = 0; u < 1; u += 1 / 4096) {
      const id = sample(logits, u, options);
      counts[id] = (counts[id] ?? 0) + 1 / 4096;
    }
    return counts;
  }
  const softmax = (kept: number[], temperature: number) => {
    const weights = Array.from(logits, (l, i) =>
      kept.includes(i) ? Math.exp(l / temperature) : 0,
    );
    const sum = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / sum);
  };

  test('at temperature 0 takes the first of the likeliest tokens', () => {
    assert.deepEqual(shares({}), [0, 1, 0, 0, 0]);
  });

  for (const [options, kept] of [
    [{ temperature: 1 }, [0, 1, 2, 3, 4]],
    [{ temperature: 2.5 }, [0, 1, 2, 3, 4]],
    [{ temperature: 1, topK: 3 }, [1, 2, 3]],
    [{ temperature: 1, topK: 99 }, [0, 1, 2, 3, 4]],
    [{ temperature: 1, topP: 0.5 }, [1, 3]], // p: 0.40, 0.40, 0.15, 0.05, 0.00
    [{ temperature: 1, topP: 0.81 }, [1, 2, 3]],
    [{ temperature: 1, topP: 1e-9 }, [1]],
    [{ temperature: 1, topK: 3, topP: 0.9 }, [1, 2, 3]],
    [{ temperature: 0.01 }, [1, 3]],
    [{ temperature: 1, minP: 0.2 }, [1, 2, 3]], // of the largest: 1, 1, 0.37, 0.14, 0.00
    [{ temperature: 2.5, minP: 0.4 }, [0, 1, 2, 3]],
    [{ temperature: 1, minP: 1 }, [1, 3]],
    [{ temperature: 1, topP: 0.97, minP: 0.3 }, [1, 2, 3]],
  ] as const) {
    test(`${JSON.stringify(options)} draws from ${kept.join(', ')}`, () => {
      const want = softmax([...kept], options.temperature);
      shares(options).forEach((share, id) => {
        assert.ok(
          Math.abs(share - (want[id] as number)) < 1e-3,
          `${id}: ${share}, not ${want[id]}`,
        );
      });
    });
  }

  test('a penalty divides positive logits of tokens seen, and multiplies negative ones, once', () => {
    const own = Float32Array.of(1, 3, 2, 3, -4);
    penalize(own, [[1, 4], [1]], { repetitionPenalty: 2 });
    assert.deepEqual([...own], [1, 1.5, 2, 3, -8]);
    penalize(own, [[0, 1, 2]], {});
    assert.deepEqual([...own], [1, 1.5, 2, 3, -8]);
  });

  test('refuses NaN and infinity', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      assert.throws(() => sample(Float32Array.of(1, bad), 0, {}), NonFiniteError);
    }
  });
});
