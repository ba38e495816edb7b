import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Tokenizer } from '@huggingface/tokenizers';
import { tinyGpt2 } from '../../../tests/tiny-gpt2';
import { useAccelerator } from '../../tensor/runtime';
import { answerRows, exactMatch } from './answer';
import { solverRows } from './rows';
import { tokenizerJson } from './tokenizer';

const tokenizer = new Tokenizer(tokenizerJson(), {});
const rows = solverRows({ split: 'train', seed: 5, count: 3 });

describe('the exact match of answers', () => {
  before(() => useAccelerator());

  test('counts only right ones, and an untrained model has none', async () => {
    const model = tinyGpt2(tokenizer.get_vocab().size, tokenizer.encode('\n').ids);
    const answers = await answerRows(model, tokenizer, rows);
    assert.equal(exactMatch(answers), 0);
    const right = rows.map((row) => ({ row, text: row.completion, check: { ok: true } as const }));
    assert.equal(exactMatch([...right, ...answers.slice(0, 1)]), 0.75);
  });
});
