import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type ChatTemplate, encodeChat, loadChatTemplate, loadTokenizer } from '../../src/model';
import { chatCases } from '../chat-cases';
import { SMOLLM2_CONFIG, smolLM2File } from './smollm2';

const { conversations, texts } = chatCases;
const expected = texts.smollm2 ?? [];
let template: ChatTemplate;
before(async () => {
  template = await loadChatTemplate(await smolLM2File());
});

test('at least 20 conversations have a text', () => {
  assert.ok(expected.filter((text) => text !== null).length >= 20);
});

describe("SmolLM2's template renders as transformers does", () => {
  for (const [i, { messages, ...options }] of conversations.entries()) {
    test(`conversation ${i}`, () => {
      const want = expected[i];
      if (want !== null) assert.equal(template.render(messages, options), want);
      else assert.throws(() => template.render(messages, options), { name: 'ArgumentError' });
    });
  }
});

test('a conversation is encoded with the tokens of its turns', async () => {
  const tokenizer = await loadTokenizer(await smolLM2File(), SMOLLM2_CONFIG);
  const ids = encodeChat(tokenizer, template, [{ role: 'user', content: 'Hi' }], {
    generationPrompt: true,
  });
  const [begin, end] = [1, 2];
  assert.equal(ids[0], begin);
  assert.deepEqual(
    [begin, end].map((token) => ids.filter((id) => id === token).length),
    [3, 2],
  );
});
