import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Linear } from '../tensor/nn';
import { memory, useAccelerator } from '../tensor/runtime';
import { applyLoraToLinear } from './lora-linear';

describe('an option that is a function', () => {
  before(useAccelerator);

  for (const [option, message] of [
    [{ scaling: 'rslora' }, 'LoRALayer: scaling must be a function such as rsLora, got "rslora".'],
    [{ variant: 'dora' }, 'LoRALinear: variant must be a function such as dora, got "dora".'],
    [{ variant: null }, 'LoRALinear: variant must be a function such as dora, got null.'],
    [
      { init: 'pissa' },
      'LoRALayer: init must be a function such as gaussian or orthogonal, got "pissa". For pissa and olora call initFromBase after injectLora.',
    ],
  ] as const) {
    test(`may not be a name: ${JSON.stringify(option)}`, () => {
      const linear = new Linear({ inFeatures: 5, outFeatures: 3 });
      const start = memory();
      const options = { r: 2, alpha: 4, ...(option as object) };
      assert.throws(() => applyLoraToLinear(linear, options), { name: 'ArgumentError', message });
      assert.deepEqual(memory(), start);
      linear.dispose();
    });
  }
});
