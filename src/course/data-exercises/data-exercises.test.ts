import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { tolerance } from '../../../tests/llama-cases';
import { writeTinyChatModel } from '../../../tests/tiny-chat-model';
import { loadChatTemplate, loadTokenizer } from '../../model';
import { firstSeen, positions } from '../../model/transformer';
import { Linear } from '../../tensor/nn';
import { Random, read, useAccelerator } from '../../tensor/runtime';
import { adamW, encodeRows, IGNORED, packExamples, sparseCrossEntropy, train } from '../../train';
import { labelsOf } from './labels.solution';
import { maskOf, positionsOf } from './packing.solution';
import { stepLoss } from './step-loss.solution';

before(useAccelerator);

const folder = mkdtempSync(path.join(tmpdir(), 'lora-labels-'));
after(() => rmSync(folder, { recursive: true }));

describe('the solutions give what the library gives:', () => {
  test('the labels of a chat of several answers', async () => {
    const at = path.join(folder, 'model');
    await writeTinyChatModel(at);
    const config = { vocabSize: 800, maxPositions: 512, eosTokenIds: [2] };
    const [tokenizer, template] = [await loadTokenizer(at, config), await loadChatTemplate(at)];
    const messages = [
      { role: 'system', content: 'be small' },
      { role: 'user', content: 'hello?' },
      { role: 'assistant', content: 'light' },
      { role: 'user', content: 'and the kitchen?' },
      { role: 'assistant', content: 'small model' },
    ];
    const [example] = encodeRows(tokenizer, [{ messages }], { template });
    const idsOf = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids;
    const turns = messages.map(({ role, content }, i) => ({
      role,
      // The template ends a turn by a newline, too, which is not learned.
      header: idsOf(`${i === 0 ? '' : '\n'}<s>${role}\n`),
      content: idsOf(content),
      end: idsOf('</s>'),
    }));
    const own = [...labelsOf(turns), ...idsOf('\n').map(() => IGNORED)];
    assert.deepEqual(own, example?.labels);
  });

  test('the loss of a step of several batches', async () => {
    const module = new Linear({ inFeatures: 3, outFeatures: 5, seed: 7 });
    const batches = [
      { rows: 2, labels: [1, IGNORED, 4, 0, 2, IGNORED] },
      { rows: 1, labels: [IGNORED, 3, IGNORED] },
    ].map(({ rows, labels }, i) => ({
      x: new Random(i).normal<tf.Rank.R2>([labels.length, 3], 0, 1),
      labels,
      rows,
    }));
    const own = tf.tidy(() =>
      stepLoss(
        batches.map(({ x, labels, rows }) => {
          const flags = labels.map((label) => (label === IGNORED ? 0 : 1));
          const targets = tf.oneHot(tf.tensor1d(labels, 'int32'), 5);
          const losses = module.forward(x).logSoftmax().mul(targets).sum(1).neg();
          const shape: [number, number] = [rows, labels.length / rows];
          return { losses: losses.reshape(shape), mask: tf.tensor2d(flags, shape) };
        }),
      ),
    );
    const training = train({
      module,
      loss: ({ x, labels }) => sparseCrossEntropy(module.forward(x), labels),
      batches,
      optimizer: adamW({ learningRate: 0.01 }),
      steps: 1,
      accumulate: batches.length,
    });
    for await (const { loss } of training) {
      assertClose(await read(own), [loss], tolerance());
    }
    tf.dispose([own, batches.map(({ x }) => x)]);
    module.dispose();
  });

  test('positions and mask of packed texts', async () => {
    const lengths = [5, 3, 2];
    const texts = lengths.map((length) => {
      const ids = Array.from({ length }, (_, i) => i);
      return { ids, labels: ids };
    });
    const [row] = packExamples(texts, 10);
    assert.ok(row?.starts);
    const starts = tf.tensor2d([[...row.starts]], [1, 10], 'int32');
    const [own, given] = [positionsOf(lengths), positions(0, 10, starts)];
    assert.deepEqual(await own.data(), await given.data());
    const [seen, first] = [maskOf(lengths), firstSeen(10, 10, { starts })];
    assert.ok(first);
    const from = await first.data();
    assert.deepEqual(
      Array.from(await read(seen)),
      Array.from({ length: 100 }, (_, i) => {
        const [query, key] = [Math.floor(i / 10), i % 10];
        return Number(key <= query && key >= (from[query] ?? NaN));
      }),
    );
    tf.dispose([starts, own, given, seen, first]);
  });
});
