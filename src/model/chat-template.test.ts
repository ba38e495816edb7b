import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { FIXTURES } from '../../tests/fixture';
import type { FileError } from '../files/local';
import { type ChatMessage, type ChatOptions, encodeChat } from './chat-template';
import { loadChatTemplate } from './load-chat-template';
import { loadTokenizer } from './load-tokenizer';

const root = mkdtempSync(path.join(tmpdir(), 'chat-'));
after(() => rmSync(root, { recursive: true }));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(root, 'model-'));
});

const PLAIN =
  "{{ bos_token }}{% for m in messages %}{{ m.role + ': ' + m.content }}\n{% endfor %}" +
  '{% if add_generation_prompt %}assistant:{% endif %}';
const messages = [
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: 'Yes?' },
];

function write(config: object, jinja?: string): void {
  writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify(config));
  if (jinja !== undefined) writeFileSync(path.join(folder, 'chat_template.jinja'), jinja);
}

const render = async (options?: ChatOptions) =>
  (await loadChatTemplate(folder)).render(messages, options);

describe('a chat template', () => {
  test('is a text of tokenizer_config.json, and gets the special tokens', async () => {
    write({ chat_template: PLAIN, bos_token: '<s>' });
    assert.equal(await render(), '<s>user: Hi\nassistant: Yes?\n');
    assert.equal(
      await render({ generationPrompt: true }),
      '<s>user: Hi\nassistant: Yes?\nassistant:',
    );
  });

  test('gets tokens that are objects, and none that the model does not have', async () => {
    write({
      chat_template: '[{{ bos_token }}{{ eos_token }}]',
      bos_token: { content: '<b>' },
      eos_token: null,
    });
    assert.equal(await render(), '[<b>]');
  });

  test('is that of chat_template.jinja first', async () => {
    write({ chat_template: PLAIN }, 'from the file');
    assert.equal(await render(), 'from the file');
  });

  test('has one of its own for tools, in a list by name', async () => {
    const named = { default: 'no tools', tool_use: '{{ tools | length }} tools', rag: 'x' };
    const list = Object.entries(named).map(([name, template]) => ({ name, template }));
    write({ chat_template: list });
    assert.equal(await render(), 'no tools');
    assert.equal(await render({ tools: [{}, {}] }), '2 tools');
  });

  test('that refuses a conversation, or gets none, is an error in one line', async () => {
    write({ chat_template: "{{ raise_exception('roles must alternate') }}" });
    const template = await loadChatTemplate(folder);
    const refused =
      /^ArgumentError: ChatTemplate.render: the model's template refuses this conversation: .*roles must alternate/;
    assert.throws(() => template.render(messages), refused);
    for (const bad of [
      [],
      'Hi',
      undefined,
      [{ content: 'Hi' }],
      [null],
    ] as unknown as ChatMessage[][]) {
      assert.throws(
        () => template.render(bad),
        /^ArgumentError: .*messages must be a list of one or more such as/,
      );
    }
    const wrong = { add_generation_prompt: true } as ChatOptions;
    assert.throws(
      () => template.render(messages, wrong),
      /For add_generation_prompt write generationPrompt|Did you mean|each option must be one of generationPrompt, tools/,
    );
  });

  test('that is missing or broken names the file', async () => {
    for (const [given, fault] of [
      [undefined, /^chat_template must be a text, got nothing\. Was the model taught to chat\?/],
      [[null], /^chat_template must be a text, got \[null\]/],
      [[{ name: 'rag', template: 'x' }], /^chat_template must be a text/],
      ['{% if %}', /^chat_template must be Jinja that can be read/],
    ] as const) {
      write({ chat_template: given });
      await assert.rejects(loadChatTemplate(folder), (error: FileError) => {
        assert.equal(error.name, 'FileError');
        assert.match(error.faults[0] ?? '', fault);
        return true;
      });
    }
  });
});

test('a conversation is encoded with the tokens of its template and no others', async () => {
  cpSync(path.join(FIXTURES, 'gpt2_tiny'), folder, { recursive: true });
  write({ chat_template: PLAIN });
  const config = { vocabSize: 999, maxPositions: 9, eosTokenIds: [] };
  const tokenizer = await loadTokenizer(folder, config);
  const template = await loadChatTemplate(folder);
  const text = template.render(messages, { generationPrompt: true });
  const ids = encodeChat(tokenizer, template, messages, { generationPrompt: true });
  assert.deepEqual(ids, tokenizer.encode(text, { add_special_tokens: false }).ids);
  const late = Promise.resolve() as unknown as typeof template;
  assert.throws(
    () => encodeChat(tokenizer, late, messages),
    /template must come from loadChatTemplate/,
  );
});
