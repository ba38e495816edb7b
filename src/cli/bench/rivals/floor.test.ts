import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkConfig, weightLayout } from '../../../model/gpt2';
import * as llama from '../../../model/llama';
import type { Work } from './work';
import { floorMilliseconds, operations } from './floor';
import { DISTILGPT2, SMOLLM2 } from './shapes';

const family = llama.FAMILIES.find(({ modelType }) => modelType === 'llama');
assert.ok(family);
const distilgpt2 = weightLayout(checkConfig('test', 'config.json', { ...DISTILGPT2.config }));
const smollm2 = llama.weightLayout(
  llama.checkConfig('test', 'config.json', SMOLLM2.config, family),
);

/** The weights come from the model itself; of the adapter and the lowest block, from its paper. */
const MODELS = [
  {
    shape: DISTILGPT2,
    shapes: distilgpt2.shapes,
    adapter: 6 * 8 * (768 + 2304),
    lowest: 768 * 2304,
    attended: 6 * 768,
  },
  {
    shape: SMOLLM2,
    shapes: smollm2.shapes,
    adapter: 30 * 8 * (576 + 576 + 576 + 192),
    lowest: 576 * (576 + 192 + 192),
    attended: 30 * 576,
  },
];

for (const { shape, shapes, adapter, lowest, attended } of MODELS) {
  describe(shape.name, () => {
    const [n, time] = [512, 128];
    const matrices = [...shapes].filter(
      ([name, { length }]) => length === 2 && !name.endsWith('wpe.weight'),
    );
    const weights = matrices.reduce((sum, [, [k = 0, d = 0]]) => sum + k * d, 0);
    const attention = 2 * 2 * n * (time / 2) * attended;

    test('a forward pass takes two operations for each weight and token, and those of attention', () => {
      const work: Work = { kind: 'forward', batch: 4, time };
      assert.equal(operations(work, shape), 2 * n * (weights + adapter) + attention);
      const rates = { operationsPerSecond: 1e12, bytesPerSecond: 1e15 };
      assert.equal(floorMilliseconds(work, shape, rates), operations(work, shape) / 1e9);
    });

    test('a step adds the gradients of all activations but the lowest, and those of the adapter', () => {
      const work: Work = { kind: 'step', batch: 4, time, labelled: 1 };
      const products = 2 * n * (2 * weights - lowest + 3 * adapter);
      assert.equal(operations(work, shape), products + 3 * attention);
    });
  });
}
