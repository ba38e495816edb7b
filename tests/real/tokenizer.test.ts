import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Tokenizer } from '@huggingface/tokenizers';
import { loadTokenizer } from '../../src/model';
import { SMOLLM2_CONFIG, smolLM2File } from './smollm2';
import { smolLM2Lines } from './smollm2-lines';

let tokenizer: Tokenizer;
before(async () => {
  tokenizer = await loadTokenizer(await smolLM2File(), SMOLLM2_CONFIG);
});

test("1,000 lines of mixed text have the ids that Hugging Face's tokenizers give", () => {
  assert.equal(smolLM2Lines.length, 1000);
  const wrong = smolLM2Lines.flatMap(([line, ids]) => {
    const { ids: got } = tokenizer.encode(line);
    return String(got) === String(ids) ? [] : [{ line, ids, got }];
  });
  assert.deepEqual(wrong, []);
});

test('the ids of a line are decoded to the line', () => {
  for (const [line, ids, text = line] of smolLM2Lines) assert.equal(tokenizer.decode(ids), text);
  // Some control characters have no token, in the reference too.
  assert.ok(smolLM2Lines.filter(([, , text]) => text !== undefined).length <= 10);
});
