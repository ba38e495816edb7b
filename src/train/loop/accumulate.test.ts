import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { Linear } from '../../tensor/nn';
import { memory, read, useAccelerator } from '../../tensor/runtime';
import {
  adamW,
  linearCrossEntropy,
  type Loss,
  sparseCrossEntropy,
  train,
  type TrainingStep,
  type TrainOptions,
} from '.';

interface Batch {
  x: number[][];
  labels: number[];
}

const ROWS: Batch = {
  x: [
    [0, 1, 2],
    [1, -1, 0],
    [2, 1, 1],
    [3, 0, -2],
  ],
  labels: [4, 1, 2, 3],
};

before(useAccelerator);

async function run<B>(options: TrainOptions<B>): Promise<TrainingStep[]> {
  const steps: TrainingStep[] = [];
  for await (const step of train(options)) steps.push(step);
  return steps;
}

async function weightsOf(module: Linear): Promise<Float32Array[]> {
  return Promise.all([...module.namedParameters().values()].map(read));
}

describe('takes the same step however the rows are cut into batches', () => {
  const cut = ({ x, labels }: Batch, sizes: number[]): Batch[] =>
    sizes.map((size, i) => {
      const start = sizes.slice(0, i).reduce((a, b) => a + b, 0);
      return { x: x.slice(start, start + size), labels: labels.slice(start, start + size) };
    });
  const step = async (batches: Batch[], own?: (module: Linear) => Loss<Batch>) => {
    const model = new Linear({ inFeatures: 3, outFeatures: 5, seed: 7 });
    const loss =
      own?.(model) ??
      (({ x, labels }) => sparseCrossEntropy(model.forward(tf.tensor2d(x)), labels));
    const optimizer = adamW({ learningRate: 0.05 });
    const options = { module: model, loss, batches, optimizer, accumulate: batches.length };
    tf.tidy(() => model.forward(tf.ones([1, 3]))); // now the weights are on the accelerator
    const before = memory();
    const [done] = await run({ ...options, steps: 1, maxGradientNorm: 1 });
    optimizer.dispose();
    assert.deepEqual(memory(), before);
    return [...[done?.loss, done?.gradientNorm].map(Number), ...(await weightsOf(model))].flatMap(
      (value) => (typeof value === 'number' ? value : [...value]),
    );
  };
  const squares =
    (model: Linear): Loss<Batch> =>
    ({ x, labels }) => {
      const rows = labels.map((label, i) => [i, label] as const).filter(([, l]) => l >= 0);
      const h = model.forward(tf.tensor2d(x));
      const errors = rows.map(([i, label]) => h.slice([i, 0], [1, 5]).sub(label).square().mean());
      return { loss: tf.stack(errors).mean(), count: rows.length };
    };
  const withPenalty =
    (model: Linear): Loss<Batch> =>
    ({ x, labels }) =>
      sparseCrossEntropy(model.forward(tf.tensor2d(x)), labels).add(model.weight.square().sum());
  const byHead =
    (model: Linear): Loss<Batch> =>
    ({ x, labels }) =>
      linearCrossEntropy(tf.tensor2d(x), model.weight, labels);
  const weighted =
    (model: Linear): Loss<Batch> =>
    ({ x, labels }) => {
      const weights = x.map(([a = 0]) => a + 0.25);
      return sparseCrossEntropy(model.forward(tf.tensor2d(x)), labels, weights);
    };
  const twoParts =
    (model: Linear): Loss<Batch> =>
    ({ x, labels }) => {
      const h = model.forward(tf.tensor2d(x));
      return sparseCrossEntropy(h, labels).add(sparseCrossEntropy(h.mul(2), labels).mul(0.5));
    };

  test('with the values of one batch in float64', async () => {
    for (const sizes of [[4], [1, 3]]) {
      const [loss, norm] = await step(cut(ROWS, sizes));
      assertClose([loss ?? NaN], [2.816], 2e-4, 'loss');
      assertClose([norm ?? NaN], [1.647], 4e-4, 'norm');
    }
  });

  for (const [what, own] of [
    ['cross-entropy', undefined],
    ['cross-entropy from the head', byHead],
    ['cross-entropy with weights', weighted],
    ['cross-entropy and a penalty', withPenalty],
    ['two cross-entropies of the same labels', twoParts],
    ['an own loss with its count', squares],
  ] as const) {
    test(`for ${what}`, async () => {
      for (const labels of [ROWS.labels, [4, -1, 2, 3], [-100, 1, -100, 3]]) {
        const rows = { ...ROWS, labels };
        const whole = await step([rows], own);
        for (const sizes of [
          [1, 3],
          [3, 1],
          [2, 2],
          [1, 1, 2],
          [1, 1, 1, 1],
        ]) {
          const batches = cut(rows, sizes).filter(
            (batch) => own !== squares || batch.labels.some((label) => label >= 0),
          );
          const parts = await step(batches, own);
          assertClose(parts.slice(0, 1), whole.slice(0, 1), 1e-6, `loss of ${sizes.join()}`);
          assertClose(parts.slice(1, 2), whole.slice(1, 2), 1e-6, `norm of ${sizes.join()}`);
          assertClose(parts.slice(2), whole.slice(2), 1e-5, `weights after ${sizes.join()}`);
        }
      }
    });
  }

  test('where an own loss of no row is NaN, with a count of 0', async () => {
    const mean = (model: Linear): Loss<Batch> => {
      const loss = squares(model);
      return (batch) =>
        batch.labels.some((label) => label >= 0)
          ? loss(batch)
          : { loss: model.forward(tf.tensor2d(batch.x)).sum().mul(NaN), count: 0 };
    };
    const rows = { ...ROWS, labels: [-1, 1, -1, 3] };
    const whole = await step([rows], squares);
    assertClose(await step(cut(rows, [1, 3]), mean), whole, 1e-5);
    assertClose(await step(cut(rows, [2, 1, 1]), mean), whole, 1e-5);
  });
});

test('refuses a step in which no label counts, and nothing changes', async () => {
  const empty: Batch = { x: [[1, 2, 3]], labels: [-100] };
  for (const batches of [[empty], [empty, { ...empty, labels: [-1] }]]) {
    const module = new Linear({ inFeatures: 3, outFeatures: 5, seed: 7 });
    const steps = train({
      module,
      loss: ({ x, labels }) => sparseCrossEntropy(module.forward(tf.tensor2d(x)), labels),
      batches: [ROWS, ROWS, ...batches],
      optimizer: adamW({ learningRate: 0.05 }),
      accumulate: batches.length,
      steps: 2 / batches.length + 1,
    });
    for (let i = 0; i < 2 / batches.length; i++) await steps.next();
    const [before, count] = [await weightsOf(module), memory()];
    const message = /^train: a step must have a label or row that counts, got none in/;
    await assert.rejects(steps.next(), { name: 'ArgumentError', message });
    assert.deepEqual(await weightsOf(module), before);
    assert.deepEqual(memory(), count);
  }
});

test('warns once where it cannot know how much a batch counts, and weighs all equally', async () => {
  const warnings: string[] = [];
  const listen = ({ message }: Error) => warnings.push(message);
  process.on('warning', listen);
  try {
    const parts: Batch[] = [
      { x: [[0, 1, 2]], labels: [4] },
      {
        x: [
          [1, -1, 0],
          [2, 1, 1],
          [3, 0, -2],
        ],
        labels: [1, -1, 3],
      },
    ];
    const own: ((h: tf.Tensor, labels: number[]) => tf.Tensor)[] = [
      (h) => h.square().mean(),
      (h, labels) => sparseCrossEntropy(h, labels).add(sparseCrossEntropy(h, labels.map(Math.abs))),
    ];
    for (const of of own) {
      const module = new Linear({ inFeatures: 3, outFeatures: 5, seed: 7 });
      const loss = ({ x, labels }: Batch) => of(module.forward(tf.tensor2d(x)), labels);
      const means = await Promise.all(
        parts.map((batch) => read(tf.tidy(() => loss(batch))).then(([mean = NaN]) => mean)),
      );
      const batches = [...parts, ...parts];
      const optimizer = adamW({ learningRate: 0.05 });
      const options = { module, loss, batches, optimizer, accumulate: 2, steps: 2 };
      const [first] = await run(options);
      assertClose([first?.loss ?? NaN], [means.reduce((a, b) => a + b) / 2], 1e-6);
      const count = memory();
      await run(options);
      assert.deepEqual(memory(), count);
      await run({ ...options, accumulate: 1 }); // alone, a batch needs no weight
    }
    await new Promise((go) => setImmediate(go));
    assert.equal(warnings.filter((text) => /return \{ loss, count \}/.test(text)).length, 2);
  } finally {
    process.off('warning', listen);
  }
});
