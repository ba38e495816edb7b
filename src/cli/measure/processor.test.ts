import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processorName } from './processor';

const BRAND = 'Some(R) Brand';

test('a processor is named with family, model and units, or by its brand where nothing else is told', () => {
  const cpuinfo = [
    'processor\t: 0',
    'cpu family\t: 6',
    'model\t\t: 143',
    `model name\t: ${BRAND}`,
    'flags\t\t: fpu avx2 avx512f amx_tile',
    'processor\t: 1',
    'model\t\t: 144',
  ].join('\n');
  assert.equal(processorName(BRAND, cpuinfo), `${BRAND}, family 6, model 143, AVX2, AVX-512, AMX`);
  assert.equal(processorName(BRAND, 'Features\t: neon'), BRAND);
  assert.equal(processorName(BRAND, ''), BRAND);
  assert.ok(processorName().length > 0);
});
