import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Tokenizer } from '@huggingface/tokenizers';
import { FIXTURES } from '../../../tests/fixture';
import { type ChatMessage, type ChatTemplate, loadChatTemplate, loadTokenizer } from '../../model';
import { IGNORED } from '../loop';
import { describeExamples } from './describe-examples';
import { encodeRows } from './encode-rows';
import type { Example } from './example';
import { labelledPieces } from './labelled-pieces';

/** What transformers makes of conversations, by `fixtures/chat_labels.py`. */
interface LabelCases {
  tokens: Record<string, string>;
  /** the time that a template's date is of */
  now: string;
  conversations: ChatMessage[][];
  tokenizers: Record<string, object>;
  /** the case of each conversation, null where the template refuses it */
  templates: Record<string, { tokenizer: string; cases: (LabelCase | null)[] }>;
}

interface LabelCase {
  ids: number[];
  spans: [start: number, end: number][];
}

const cases = JSON.parse(
  gunzipSync(readFileSync(path.join(FIXTURES, 'chat_labels.json.gz'))).toString(),
) as LabelCases;

const folder = mkdtempSync(path.join(tmpdir(), 'lora-labels-'));
after(() => rmSync(folder, { recursive: true }));

async function load(name: string): Promise<{ tokenizer: Tokenizer; template: ChatTemplate }> {
  const kind = cases.templates[name]?.tokenizer ?? '';
  const jinja = readFileSync(path.join(FIXTURES, 'chat_templates', `${name}.jinja`), 'utf8');
  writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(cases.tokenizers[kind]));
  writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify(cases.tokens));
  writeFileSync(path.join(folder, 'chat_template.jinja'), jinja);
  const config = { vocabSize: 2000, maxPositions: 512, eosTokenIds: [2] };
  return {
    tokenizer: await loadTokenizer(folder, config),
    template: await loadChatTemplate(folder),
  };
}

function spansOf({ labels }: Example): [start: number, end: number][] {
  const at = [...labels, IGNORED].flatMap((label, i) =>
    (label !== IGNORED) !== ((labels[i - 1] ?? IGNORED) !== IGNORED) ? [i] : [],
  );
  return at.flatMap((start, i) => (i % 2 === 0 ? [[start, at[i + 1] ?? NaN]] : []));
}

for (const name of Object.keys(cases.templates)) {
  test(`learns the answers of 200 conversations that transformers and offsets tell (${name}.jinja)`, async () => {
    const { tokenizer, template } = await load(name);
    const now = new Date(cases.now);
    for (const [i, messages] of cases.conversations.entries()) {
      const want = cases.templates[name]?.cases[i];
      const encode = () => encodeRows(tokenizer, [{ messages }], { template, now });
      if (!want) assert.throws(encode, { name: 'ArgumentError', message: /refuses/ });
      else if (name === 'plain' && messages.some((one) => one.tool_calls)) {
        assert.throws(encode, { message: /must write tools and tool_calls, but leaves them out/ });
      } else if (want.spans.length === 0) {
        assert.throws(encode, { message: /no answer of the row can be learned/ });
      } else {
        const [example] = encode() as [Example];
        assert.deepEqual([...example.ids], want.ids, `conversation ${i}`);
        assert.deepEqual(spansOf(example), want.spans, `conversation ${i}`);
      }
    }
  });
}

describe('an answer', () => {
  const say = (role: string, content: string) => ({ role, content });
  const turns = [say('user', 'hello?'), say('assistant', 'small'), say('user', 'and?')];

  test('is left out where the template writes it in another way later, which is said', async () => {
    const { tokenizer, template } = await load('thinking');
    const messages = [...turns, say('assistant', 'model')];
    const examples = encodeRows(tokenizer, [{ messages }], { template });
    const [{ answersLeftOut } = {}] = examples;
    assert.equal(answersLeftOut, 1);
    assert.match(describeExamples(examples), / In 1 row 1 answer is not learned: /);
    assert.throws(() => encodeRows(tokenizer, [{ messages: turns }], { template }), {
      message: /^encodeRows: row 0: no answer of the row can be learned: /,
    });
  });

  test('is shown with the token that ends it, and without what the runtime writes', async () => {
    const { tokenizer, template } = await load('thinking');
    const rows = [{ messages: [say('user', 'hello?'), say('assistant', 'small')] }];
    const [example] = encodeRows(tokenizer, rows, { template }) as [Example];
    const prompt = '<s>user\nhello?</s>\n<s>assistant\n<think>\n\n</think>\n\n';
    assert.deepEqual(labelledPieces(tokenizer, example), [
      { text: prompt, isLearned: false },
      { text: 'small</s>', isLearned: true },
      { text: '\n', isLearned: false },
    ]);
  });

  test('is shown with an empty thought of its own, unless the template writes that anyway', async () => {
    const thought = '<think>\n\n</think>\n\n';
    const rows = [{ messages: [say('user', 'hello?'), say('assistant', `${thought}small`)] }];
    for (const [name, want] of [
      ['plain', `${thought}small</s>`],
      ['thinking', 'small</s>'],
    ] as const) {
      const { tokenizer, template } = await load(name);
      const [example] = encodeRows(tokenizer, rows, { template }) as [Example];
      const learned = labelledPieces(tokenizer, example).filter(({ isLearned }) => isLearned);
      assert.deepEqual(learned, [{ text: want, isLearned: true }], name);
    }
  });

  test('of a prompt is written as a conversation', async () => {
    const { tokenizer, template } = await load('plain');
    const asPrompt = encodeRows(tokenizer, [{ prompt: 'hello?', completion: 'small' }], {
      template,
    });
    const messages = [say('user', 'hello?'), say('assistant', 'small')];
    assert.deepEqual(asPrompt, encodeRows(tokenizer, [{ messages }], { template }));
    const [{ ids } = { ids: [] }] = asPrompt;
    const [[start, end] = [0, 0]] = spansOf(asPrompt[0] as Example);
    assert.equal(
      describeExamples(asPrompt),
      `1 row of ${ids.length} tokens, ${end - start} of them learned (${((100 * (end - start)) / ids.length).toFixed(0)} %); the longest has ${ids.length}.`,
    );
  });

  test('is found in a text that the template dates, at the time that is told', async () => {
    const { tokenizer, template } = await load('dated');
    const messages = [say('user', 'hello?'), say('assistant', 'small')];
    const idsAt = (now: Date) => encodeRows(tokenizer, [{ messages }], { template, now })[0]?.ids;
    const [first, later] = [new Date(2026, 2, 7), new Date(2026, 2, 8)];
    assert.deepEqual(idsAt(first), idsAt(first));
    assert.notDeepEqual(idsAt(first), idsAt(later));
    const text = tokenizer.decode([...(idsAt(first) ?? [])], { skip_special_tokens: false });
    assert.match(text, /07 Mar 2026/);
  });
});
