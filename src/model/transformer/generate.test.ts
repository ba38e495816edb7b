import assert from 'node:assert/strict';
import path from 'node:path';
import { before, test } from 'node:test';
import { FIXTURES } from '../../../tests/fixture';
import { useAccelerator } from '../../tensor/runtime';
import { loadModel, loadTokenizer } from '../load';
import { generate, generateText, type GenerateTextOptions } from '.';

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
  for (const stopTokens of [[-1], [1.5], [NaN], ['a'], 5]) {
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
