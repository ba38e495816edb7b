import assert from 'node:assert/strict';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { FIXTURES } from '../../../tests/fixture';
import { memory, useAccelerator } from '../../tensor/runtime';
import { loadModel } from '../load';
import { loadTokenizer } from '../load-tokenizer';
import type { LanguageModel } from './language-model';
import { generate, generateText, type GenerateTextOptions, streamText } from '.';

before(useAccelerator);

test('what ends a text must be texts that are not empty, and token ids', async () => {
  const folder = path.join(FIXTURES, 'gpt2_tiny');
  const model = await loadModel(folder);
  const tokenizer = await loadTokenizer(folder, model.config);
  const [prompt = ''] = [...tokenizer.get_vocab(true).keys()].filter((word) => /^\w+$/.test(word));
  const write = (more: object) => {
    const options: GenerateTextOptions = { maxNewTokens: 3, stopTokens: [], ...more };
    return generateText(model, tokenizer, prompt, options);
  };
  for (const [stop, given] of [
    [[''], '""'],
    [['a', ''], '""'],
    [[7], '7'],
    [[undefined], 'nothing'],
    ['a', '"a"'],
    [null, 'null'],
  ]) {
    const message = `generateText: stop must be a list of texts of 1 character or more, got ${String(given)}.`;
    await assert.rejects(write({ stop }), { name: 'ArgumentError', message });
  }
  for (const stopTokens of [[-1], [1.5], [NaN], ['a'], 5, null, 5n]) {
    const message = /^generate: stopTokens must be a list of token ids, got .* stops nowhere\.$/;
    await assert.rejects(write({ stopTokens }), { name: 'ArgumentError', message });
    const options = { maxNewTokens: 3, stopTokens: stopTokens as number[] };
    await assert.rejects(generate(model, [[1]], options), { name: 'ArgumentError', message });
  }
  const whole = await write({});
  assert.ok(whole.length > 1);
  const [first = ''] = whole;
  assert.equal(await write({ stop: [first] }), '');
  assert.equal(await write({ stop: [whole.slice(1)] }), first);
  assert.equal(await write({ stop: [] }), whole);
  model.dispose();
});

/** The ids of a tokenizer that has all of the model's. */
const get_vocab = () => new Map([['last', 9999]]);

/** A tokenizer whose texts are the first bytes of another text, one for each token after a prompt of two. */
function bytesOf(text: string): Parameters<typeof streamText>[1] {
  const bytes = Buffer.from(text);
  const decode = (ids: number[]) => bytes.subarray(0, ids.length - 2).toString('utf8');
  return { encode: () => ({ ids: [1, 2] }), decode, get_vocab } as unknown as ReturnType<
    typeof bytesOf
  >;
}

describe('streamText', () => {
  const text = 'a🙂, é and 日';
  const options = { maxNewTokens: Buffer.byteLength(text), stopTokens: [] };
  let model: LanguageModel;
  before(async () => {
    model = await loadModel(path.join(FIXTURES, 'gpt2_tiny'));
    await generate(model, [[1]], { maxNewTokens: 1 }); // weights get their native handles
  });

  const piecesOf = async (more: Partial<GenerateTextOptions> = {}) => {
    const pieces: string[] = [];
    for await (const piece of streamText(model, bytesOf(text), '', { ...options, ...more })) {
      pieces.push(piece);
    }
    return pieces;
  };

  test('never cuts a character', async () => {
    assert.deepEqual(await piecesOf(), [...text]);
  });

  test('gives the unfinished character of a text that ends in one', async () => {
    assert.deepEqual(await piecesOf({ maxNewTokens: 3 }), ['a', '\uFFFD']);
  });

  test('holds back what may begin a stop text, and stops before one', async () => {
    assert.deepEqual(await piecesOf({ stop: ['é or'] }), [...'a🙂, ', 'é a', ...'nd 日']);
    assert.deepEqual(await piecesOf({ stop: ['and', 'é an', 'zz'] }), ['a🙂', ',', ' ']);
    assert.deepEqual(await piecesOf({ stop: ['a'] }), []);
  });

  test('gives what generateText gives, with the same seed', async () => {
    const tokenizer = await loadTokenizer(path.join(FIXTURES, 'gpt2_tiny'), model.config);
    const more = { temperature: 1.2, minP: 0.05, repetitionPenalty: 1.3, seed: 5 };
    const sampled = { ...more, maxNewTokens: 12, stopTokens: [], stop: ['at'] };
    const pieces: string[] = [];
    for await (const piece of streamText(model, tokenizer, 'the cat', sampled)) pieces.push(piece);
    assert.equal(pieces.join(''), await generateText(model, tokenizer, 'the cat', sampled));
    assert.ok(pieces.length > 1);
  });

  test('continues token ids as it continues their text', async () => {
    const tokenizer = await loadTokenizer(path.join(FIXTURES, 'gpt2_tiny'), model.config);
    const { ids } = tokenizer.encode('the cat');
    const more = { maxNewTokens: 8, stopTokens: [] };
    const text = await generateText(model, tokenizer, 'the cat', more);
    assert.equal(await generateText(model, tokenizer, ids, more), text);
  });

  test('leaves nothing behind if its reader stops early', async () => {
    const start = memory();
    for await (const piece of streamText(model, bytesOf(text), '', options)) {
      if (piece === ',') break;
    }
    assert.deepEqual(memory(), start);
  });

  test('keeps the space before the first word, which a tokenizer drops at the start of a text', async () => {
    const decode = (ids: number[]) =>
      ids
        .map(() => ' word')
        .join('')
        .trimStart();
    const tokenizer = { encode: () => ({ ids: [1] }), decode, get_vocab } as unknown as ReturnType<
      typeof bytesOf
    >;
    const two = { maxNewTokens: 2, stopTokens: [] };
    assert.equal(await generateText(model, tokenizer, 'word', two), ' word word');
  });

  test('refuses a prompt that is neither text nor ids', async () => {
    for (const prompt of [undefined, null, 5, ['a', 'b']] as unknown as string[]) {
      const message = /^generateText: prompt must be a text or a list of token ids, got/;
      await assert.rejects(generateText(model, bytesOf(text), prompt, options), { message });
    }
  });

  test('refuses wrong options at the call, before a piece is asked for', () => {
    const wrong = { ...options, stop: [''] };
    assert.throws(
      () => streamText(model, bytesOf(text), '', wrong),
      /^ArgumentError: streamText: stop/,
    );
  });
});

test("rows of the head beyond the tokenizer's ids are never written", async () => {
  const model = await loadModel(path.join(FIXTURES, 'gpt2_tiny'));
  const few = Math.floor(model.config.vocabSize / 2);
  const writtenWith = async (last: number, temperature: number) => {
    let written: number[] = [];
    const decode = (ids: number[]) => ((written = ids), 'a'.repeat(ids.length));
    const vocabulary = () => new Map([['last', last]]);
    const tokenizer = { encode: () => ({ ids: [1] }), decode, get_vocab: vocabulary } as unknown;
    const options = { maxNewTokens: 18, stopTokens: [], temperature };
    await generateText(model, tokenizer as ReturnType<typeof bytesOf>, 'a', options);
    return written;
  };
  for (const temperature of [0, 3]) {
    assert.ok((await writtenWith(9999, temperature)).some((id) => id >= few));
    const written = await writtenWith(few - 1, temperature);
    assert.equal(written.length, 19);
    assert.ok(written.every((id) => id < few));
  }
  model.dispose();
});

test('a token that occurred is less likely with a penalty, from the prompt on', async () => {
  const model = await loadModel(path.join(FIXTURES, 'gpt2_tiny'));
  const options = { maxNewTokens: 12, stopTokens: [] };
  const [plain = []] = await generate(model, [[1, 2, 3]], options);
  const [varied = []] = await generate(model, [[1, 2, 3]], { ...options, repetitionPenalty: 1e6 });
  assert.ok(new Set(plain).size < plain.length, 'it repeats itself');
  assert.equal(new Set([1, 2, 3, ...varied]).size, 15);
  model.dispose();
});

test('minP and repetitionPenalty must be in range', async () => {
  const model = await loadModel(path.join(FIXTURES, 'gpt2_tiny'));
  const wrong = { maxNewTokens: 1, minP: 1.5, repetitionPenalty: 0 };
  const message = /minP must be from 0 to 1, got 1.5; repetitionPenalty must be above 0, got 0/;
  await assert.rejects(generate(model, [[1]], wrong), message);
  model.dispose();
});

test('prompts must be lists of ids, and isDone a function', async () => {
  const model = await loadModel(path.join(FIXTURES, 'gpt2_tiny'));
  const options = { maxNewTokens: 1 };
  for (const prompts of [[1, 2, 3], 'abc', undefined, {}, [null]] as unknown as number[][][]) {
    const message =
      /^generate: prompts must be a list of lists of token ids, got .* One prompt is \[ids\]\.$/;
    await assert.rejects(generate(model, prompts, options), { name: 'ArgumentError', message });
  }
  const wrong = 5 as never;
  await assert.rejects(generate(model, [[1]], options, wrong), /isDone must be a function/);
  const odd = { ...options, temperature: null, minP: '1' } as never;
  await assert.rejects(generate(model, [[1]], odd), /temperature .* got null; minP .* got 1/);
  model.dispose();
});
