import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Tokenizer } from '@huggingface/tokenizers';
import { BASE } from '../shipped';
import { pretrainText } from './pretrain-text';
import { drawPretrainingBatches } from './pretraining';
import { solverRows } from './rows';
import { tokenizerJson } from './tokenizer';

const tokenizer = new Tokenizer(tokenizerJson(), {});

describe('pretraining batches', () => {
  test('are blocks of the text, each token a label, the same for the same seed', () => {
    const draw = (seed: number) => drawPretrainingBatches(tokenizer, { size: 3, time: 16, seed });
    const { ids, labels } = draw(1).next().value;
    assert.deepEqual(
      ids.map((row) => row.length),
      [16, 16, 16],
    );
    ids.forEach((row, i) => {
      assert.deepEqual(labels.slice(i * 16, i * 16 + 15), row.slice(1));
    });
    assert.deepEqual(draw(1).next().value.ids, ids);
    assert.notDeepEqual(draw(2).next().value.ids, ids);
    const second = draw(1);
    second.next();
    assert.notDeepEqual(second.next().value.ids, ids);
  });
});

describe("the task's tokenizer", () => {
  const options = { split: 'train', seed: 9, count: 300 } as const;
  const known = new Set(tokenizer.encode(pretrainText(7, 5000)).ids);

  test('decodes every text as it was, in tokens that the base knows and few enough for its context', () => {
    for (const row of solverRows(options)) {
      const text = row.prompt + row.completion;
      const { ids } = tokenizer.encode(text);
      assert.equal(tokenizer.decode(ids), text);
      assert.ok(!ids.includes(0) && ids.length <= 128, `${ids.length} tokens: ${text}`);
      const unknown = ids.filter((id) => !known.has(id)).map((id) => tokenizer.decode([id]));
      assert.deepEqual(unknown, [], `new to the base in ${text}`);
      const apart = [row.prompt, row.completion].flatMap((part) => tokenizer.encode(part).ids);
      assert.deepEqual(apart, ids);
    }
  });

  test('is the one that comes with the base model', () => {
    const file = path.join(BASE, 'tokenizer.json');
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), tokenizerJson());
  });
});
