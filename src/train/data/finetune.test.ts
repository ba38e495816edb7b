import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { Tokenizer } from '@huggingface/tokenizers';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { assertClose } from '../../../tests/close';
import { BASE } from '../../course/shipped';
import {
  answerRows,
  criticRows,
  drawPretrainingBatches,
  exactMatch,
  pretrainText,
  reviserRows,
  solverRows,
  tokenizerJson,
} from '../../course/task';
import { drawWeights, GPT2 } from '../../model/gpt2';
import { memory, read, useAccelerator } from '../../tensor/runtime';
import { IGNORED } from '../loop';
import { drawBatches, makeBatch } from './batch';
import {
  completionLogProbabilities,
  completionLoss,
  countLabels,
  meanLoss,
} from './completion-loss';
import { encodeRows } from './example';

const tokenizer = new Tokenizer(tokenizerJson(), {});
const vocabSize = tokenizer.get_vocab().size;
const rows = solverRows({ split: 'train', seed: 5, count: 60 });
const examples = encodeRows(tokenizer, rows);
const token = fc.integer({ min: 1, max: 60 });
const example = fc.record({
  prompt: fc.array(token, { minLength: 1, maxLength: 9 }),
  completion: fc.array(token, { minLength: 1, maxLength: 5 }),
});

function tinyModel(): GPT2 {
  const config = {
    ...{ vocabSize, maxPositions: 128, nEmbd: 8, nLayer: 1, nHead: 2, nInner: 12 },
    ...{ layerNormEpsilon: 1e-5, eosTokenIds: tokenizer.encode('\n').ids },
  };
  const weights = drawWeights(config, 3);
  try {
    return new GPT2(config, weights);
  } finally {
    tf.dispose([...weights.values()]);
  }
}

describe('a batch', () => {
  test('has the next token of a completion as label, and nothing else', () => {
    const batch = makeBatch([
      { prompt: [5, 6, 7], completion: [8, 9] },
      { prompt: [3, 4], completion: [2] },
    ]);
    assert.deepEqual(batch, {
      ids: [
        [5, 6, 7, 8],
        [3, 4, 2, 0],
      ],
      start: 1,
      labels: [IGNORED, 8, 9, 2, IGNORED, IGNORED],
    });
    assert.equal(countLabels(batch), 3);
  });

  test('of any examples can be read back', () => {
    fc.assert(
      fc.property(fc.array(example, { minLength: 1, maxLength: 5 }), (some) => {
        const { ids, start, labels } = makeBatch(some);
        const width = (ids[0]?.length ?? 0) - start;
        some.forEach(({ prompt, completion }, row) => {
          const own = labels.slice(row * width, (row + 1) * width);
          assert.deepEqual(
            own.filter((label) => label !== IGNORED),
            completion,
          );
          own.forEach((label, i) => {
            if (label === IGNORED) return;
            assert.equal(label, [...prompt, ...completion][start + i + 1]);
          });
          assert.deepEqual(ids[row]?.slice(0, prompt.length), prompt);
        });
      }),
    );
  });

  test('is drawn by its seed, of neighbours in length, each example about as often', () => {
    const first = (seed: number, count: number) => {
      const batches = drawBatches(examples, { size: 4, seed });
      return Array.from({ length: count }, () => batches.next().value);
    };
    assert.deepEqual(first(1, 3), first(1, 3));
    assert.notDeepEqual(first(1, 3), first(2, 3));
    const seen = new Set(first(1, 300).flatMap(({ ids }) => ids.map((row) => row.join())));
    assert.ok(seen.size >= 60, `${seen.size} rows`);
    const padding = first(1, 300)
      .flatMap(({ ids }) => ids)
      .flat();
    const share = padding.filter((id) => id === 0).length / padding.length;
    assert.ok(share < 0.12, `${share} of the batches is padding`);
  });

  test('larger than the examples is refused', () => {
    assert.throws(() => drawBatches(examples, { size: 61, seed: 1 }).next(), {
      name: 'ArgumentError',
      message: /at most 60/,
    });
  });
});

describe('pretraining batches', () => {
  test('are blocks of the text, each token a label, the same for the same seed', () => {
    const draw = (seed: number) => drawPretrainingBatches(tokenizer, { size: 3, time: 16, seed });
    const { ids, start, labels } = draw(1).next().value;
    assert.equal(start, 0);
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

describe("the tasks' tokenizer", () => {
  const options = { split: 'train', seed: 9, count: 300 } as const;
  const known = new Set(tokenizer.encode(pretrainText(7, 5000)).ids);

  test('gives back every text, in few tokens, none unknown, and fits the context', () => {
    for (const row of [...solverRows(options), ...criticRows(options), ...reviserRows(options)]) {
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
});

describe('the loss of completions', () => {
  let model: GPT2;
  before(async () => {
    await useAccelerator();
    model = tinyModel();
    tf.tidy(() => model.forward(model.idsTensor([[1]])));
  });

  test('is the mean over their tokens, whatever stands beside them', async () => {
    const some = examples.slice(0, 5);
    const start = memory();
    const together = completionLoss(model, makeBatch(some));
    const [value = NaN] = await read(together);
    let [sum, count] = [0, 0];
    for (const one of some) {
      const text = [...one.prompt, ...one.completion];
      const logProbabilities = tf.tidy(() => tf.logSoftmax(model.forward(model.idsTensor([text]))));
      const values = await read(logProbabilities);
      one.completion.forEach((id, i) => {
        sum -= values[(one.prompt.length + i - 1) * vocabSize + id] ?? NaN;
        count += 1;
      });
      logProbabilities.dispose();
    }
    assertClose([value], [sum / count], 1e-5);
    together.dispose();
    assert.deepEqual(memory(), start);
    assertClose([await meanLoss(model, some)], [sum / count], 1e-5);
    assert.deepEqual(memory(), start);
  });

  test('of ten batches is the sum of their means', async () => {
    const batches = Array.from({ length: 10 }, (_, i) => makeBatch(examples.slice(i, i + 2)));
    const together = completionLoss(model, ...batches);
    const single = batches.map((batch) => completionLoss(model, batch));
    const means = await Promise.all(single.map((loss) => read(loss)));
    const sum = means.reduce((total, [mean = NaN]) => total + mean, 0);
    assertClose(await read(together), [sum], 1e-5);
    tf.dispose([together, single]);
  });

  test('is the mean of what each token is held for', async () => {
    const some = examples.slice(0, 5);
    const loss = completionLoss(model, makeBatch(some));
    const start = memory();
    const logs = await completionLogProbabilities(model, some);
    assert.deepEqual(memory(), start);
    assert.deepEqual(
      logs.map(({ length }) => length),
      some.map(({ completion }) => completion.length),
    );
    const all = logs.flat();
    const mean = all.reduce((sum, log) => sum + log, 0) / all.length;
    assertClose([-mean], [...(await read(loss))], 1e-5);
    loss.dispose();
    for (const [i, one] of some.entries()) {
      const [alone = []] = await completionLogProbabilities(model, [one]);
      assertClose(logs[i] ?? [], alone, 1e-4);
    }
  });

  test('answers are checked, and only whole right ones count', async () => {
    const answers = await answerRows(model, tokenizer, rows.slice(0, 2));
    assert.equal(exactMatch(answers), 0);
    const right = rows.map((row) => ({ row, text: row.completion, check: { ok: true } as const }));
    assert.equal(exactMatch([...right.slice(0, 3), ...answers.slice(0, 1)]), 0.75);
  });
});

describe('the shipped base', () => {
  test('has this tokenizer', () => {
    const file = path.join(BASE, 'tokenizer.json');
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), tokenizerJson());
  });
});
