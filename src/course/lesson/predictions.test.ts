import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { memory, useAccelerator } from '../../tensor/runtime';
import { type PredictionId, PREDICTIONS } from './predictions';

describe('predictions', () => {
  before(() => useAccelerator());
  const known: Record<PredictionId, number> = {
    'params-r8': 12_288,
    'break-even': 384,
    'fresh-output': 0,
    'agents-bytes': 3 * 8 * (768 + 768) * 4,
    'adapter-parameters': 4 * 8 * (640 + 320 + 800 + 800),
    'double-bits': 4.126953125,
    'alpha-step': 4,
    'nf4-bits': 4.5,
    'swiglu-inner': (8 / 3) * 576,
    'cache-bytes': 2 * 2 * 3 * 64 * 128 * 4,
  };
  for (const [id, value] of Object.entries(known)) {
    test(`${id} computes to ${value} and leaks nothing`, async () => {
      const tensors = memory().tensors;
      const truth = await PREDICTIONS[id as PredictionId].truth();
      assert.ok(Math.abs(truth - value) <= 1e-4 * value, `${truth}`);
      assert.equal(memory().tensors, tensors);
    });
  }
});
