import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { exampleOf } from '../../../../tests/example';
import { FIXTURES } from '../../../../tests/fixture';
import { makeBatch } from '../../../train/data';
import { type MemoryRow, memoryRun } from './memory-run';
import { quantizationErrors } from './quantization-errors';

const folder = path.join(FIXTURES, 'gpt2_tiny');
const batch = makeBatch([exampleOf({ prompt: [1, 2], completion: [3, 4, 5] })]);
const batches = [batch, batch, batch];

describe('memoryRun', () => {
  test('counts two moments for each trained number, and a smaller base in 4 bits', async () => {
    const rows = new Map<string, MemoryRow>();
    for (const method of ['full', 'lora', 'qlora'] as const) {
      const row = await memoryRun({ folder, method, batches, r: 2 });
      assert.equal(row.optimizerBytes, 2 * 4 * row.trainable, method);
      assert.ok(row.stepPeakBytes > 0 && row.stepSeconds > 0);
      rows.set(method, row);
    }
    const [full, lora, qlora] = [...rows.values()];
    assert.ok(full && lora && qlora);
    assert.deepEqual([full.adapterBytes, full.trainable], [0, full.parameters]);
    assert.equal(lora.adapterBytes, 4 * lora.trainable);
    assert.equal(full.baseBytes, 4 * full.parameters);
    assert.ok(qlora.baseBytes < lora.baseBytes && qlora.loadPeakBytes <= qlora.baseBytes);
    assert.deepEqual([qlora.trainable, qlora.parameters], [lora.trainable, lora.parameters]);
  });
});

test('NF4 has the least error of 4 bits, FP4 the most; scales in 8 bits add a thousandth', async () => {
  const errors = await quantizationErrors();
  const errorOf = (type: string, double: boolean) =>
    errors.find((row) => row.type === type && row.doubleQuantize === double)?.relativeError ?? NaN;
  const [nf4, int4, fp4] = [errorOf('nf4', false), errorOf('int4', false), errorOf('fp4', false)];
  assert.ok(0 < nf4 && nf4 < int4 && int4 < fp4 && fp4 < 0.2, [nf4, int4, fp4].join());
  const more = errorOf('nf4', true) / nf4 - 1;
  assert.ok(more > 0 && more < 2e-3, `${more}`);
});
