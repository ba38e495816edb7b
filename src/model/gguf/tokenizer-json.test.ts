import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { FIXTURES } from '../../../tests/fixture';
import type { GgufValue } from '../../files/gguf';
import { FileError } from '../../files/local';
import { makeTokenizer } from '../make-tokenizer';
import { tokenizerJson } from './tokenizer-json';

/** A tokenizer of `fixtures/gguf_tokenizers.py`, and the ids that its reference gives. */
interface Case {
  metadata: Record<string, GgufValue>;
  texts: [text: string, ids: number[]][];
}

const file = path.join(FIXTURES, 'gguf_tokenizers.json.gz');
const cases = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Case[];

function jsonOf(metadata: Record<string, GgufValue | undefined>): object {
  const keys = Object.entries(metadata).filter(([, value]) => value !== undefined);
  return tokenizerJson(
    'loadTokenizer',
    'model.gguf',
    new Map(keys.map(([key, value]) => [`tokenizer.ggml.${key}`, value as GgufValue])),
  );
}

for (const { metadata, texts } of cases) {
  const { model, pre, add_space_prefix: prefix } = metadata;
  const name =
    model === 'gpt2' ? String(pre) : `SentencePiece ${prefix ? 'with' : 'without'} a prefix`;
  const make = () => makeTokenizer(jsonOf(metadata));

  test(`${name}: ids of ${texts.length} texts are those of the reference`, () => {
    const tokenizer = make();
    const wrong = texts.filter(([text, ids]) => String(tokenizer.encode(text).ids) !== String(ids));
    assert.deepEqual(
      wrong.map(([text]) => ({ text, ids: tokenizer.encode(text).ids })),
      wrong.map(([text, ids]) => ({ text, ids })),
    );
  });

  test(`${name}: what is encoded comes back`, () => {
    const tokenizer = make();
    for (const [text, ids] of texts) {
      const isWhole = pre !== 'qwen2' || text.normalize('NFC') === text;
      const kept = ids.filter((id) => id !== metadata.bos_token_id);
      if (isWhole) assert.equal(tokenizer.decode(kept), text);
    }
  });
}

describe('a tokenizer in a GGUF file is refused', () => {
  const [gpt2, , , llama3, piece] = cases.map(({ metadata }) => metadata) as [
    Case['metadata'],
    unknown,
    unknown,
    Case['metadata'],
    Case['metadata'],
  ];
  const refused: [what: string, metadata: Record<string, GgufValue | undefined>, fault: RegExp][] =
    [
      [
        'of another kind',
        { ...gpt2, model: 'bert' },
        /^tokenizer.ggml.model must be gpt2 .* got "bert"/,
      ],
      [
        'that splits in another way',
        { ...gpt2, pre: 'dbrx' },
        /^tokenizer.ggml.pre must be one of gpt-2, smollm, qwen2, llama-bpe, got "dbrx"/,
      ],
      [
        'without tokens',
        { ...gpt2, tokens: undefined },
        /^tokenizer.ggml.tokens must be a list of strings, got nothing/,
      ],
      [
        'without merges',
        { ...gpt2, merges: [1] },
        /^tokenizer.ggml.merges must be a list of strings, got/,
      ],
      [
        'with a merge of what is no token',
        { ...gpt2, merges: ['a nowhere'] },
        /^tokenizer.ggml.merges must hold pairs .* got "a nowhere"/,
      ],
      [
        'with a merge of three',
        { ...gpt2, merges: ['a a a'] },
        /^tokenizer.ggml.merges must hold pairs/,
      ],
      [
        'without scores',
        { ...piece, scores: undefined },
        /^tokenizer.ggml.scores must be a list of numbers/,
      ],
      [
        'whose first token is none',
        { ...llama3, bos_token_id: 99999 },
        /^tokenizer.ggml.bos_token_id must be the id of a token, got 99999/,
      ],
    ];
  for (const [what, metadata, fault] of refused) {
    test(what, () => {
      assert.throws(
        () => jsonOf(metadata),
        (error: FileError) => {
          assert.ok(error instanceof FileError);
          assert.match(error.faults[0] ?? '', fault);
          return true;
        },
      );
    });
  }
});
