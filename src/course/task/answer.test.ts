import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Tokenizer } from '@huggingface/tokenizers';
import * as tf from '@tensorflow/tfjs';
import { drawWeights, GPT2 } from '../../model/gpt2';
import { useAccelerator } from '../../tensor/runtime';
import { answerRows, exactMatch } from './answer';
import { solverRows } from './rows';
import { tokenizerJson } from './tokenizer';

const tokenizer = new Tokenizer(tokenizerJson(), {});
const rows = solverRows({ split: 'train', seed: 5, count: 3 });

function tinyModel(): GPT2 {
  const config = {
    vocabSize: tokenizer.get_vocab().size,
    maxPositions: 128,
    nEmbd: 8,
    nLayer: 1,
    nHead: 2,
    nInner: 12,
    layerNormEpsilon: 1e-5,
    eosTokenIds: tokenizer.encode('\n').ids,
  };
  const weights = drawWeights(config, 3);
  try {
    return new GPT2(config, weights);
  } finally {
    tf.dispose([...weights.values()]);
  }
}

describe('the exact match of answers', () => {
  before(() => useAccelerator());

  test('counts only right ones, and an untrained model has none', async () => {
    const answers = await answerRows(tinyModel(), tokenizer, rows);
    assert.equal(exactMatch(answers), 0);
    const right = rows.map((row) => ({ row, text: row.completion, check: { ok: true } as const }));
    assert.equal(exactMatch([...right, ...answers.slice(0, 1)]), 0.75);
  });
});
