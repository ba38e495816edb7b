import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { AcceleratorError } from '../errors';
import { processorFlags } from '../op';
import { bfloat16Unit } from './native';

/** Sums of products, in float64 and on an accelerator that a process of its own starts. */
const PROGRAM = `
  const { describeAccelerator, Random, useAccelerator } = require(${JSON.stringify(__dirname)});
  const tf = require('@tensorflow/tfjs');
  useAccelerator().then(async (accelerator) => {
    const random = new Random(7);
    const [a, b] = [random.normal([300, 500], 0, 1), random.normal([400, 500], 0, 1)];
    const got = await tf.matMul(a, b, false, true).data();
    const [x, y] = [await a.data(), await b.data()];
    let [off, all] = [0, 0];
    for (let i = 0; i < 300; i++) for (let j = 0; j < 400; j++) {
      let sum = 0;
      for (let k = 0; k < 500; k++) sum += x[i * 500 + k] * y[j * 500 + k];
      off += (got[i * 400 + j] - sum) ** 2;
      all += sum ** 2;
    }
    return { line: describeAccelerator(accelerator), error: Math.sqrt(off / all) };
  }).catch((error) => ({ line: error.name + ': ' + error.message, error: NaN }))
    .then((result) => { console.log(JSON.stringify(result)); process.exit(); })`;

function multiply(env: Record<string, string>): { line: string; error: number } {
  const { stdout } = spawnSync(process.execPath, ['-e', PROGRAM], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return JSON.parse(stdout.trim()) as ReturnType<typeof multiply>;
}

function unitOrFault(): string {
  try {
    return bfloat16Unit();
  } catch (error) {
    return (error as Error).message;
  }
}

describe('LORA_PRECISION', { skip: process.env.LORA_BACKEND !== 'cpu-native' }, () => {
  test('bfloat16 rounds the factors of products where the processor has a unit for it', () => {
    const { line, error } = multiply({ LORA_PRECISION: 'bfloat16' });
    const unit = unitOrFault();
    if (unit.startsWith('this processor')) {
      assert.match(line, /^AcceleratorError: .*\(cpu-native: this processor has no unit for bf/);
      return;
    }
    assert.ok(line.includes(`products in bfloat16 (${unit})`), line);
    // Two factors of 8 bits, each off by 2^-9 at most: by 2^-9 / sqrt(3) in the mean.
    assert.ok(error > 5e-4 && error < 4e-3, `${error}`);
  });

  test('is float32 unless it is set', () => {
    for (const precision of ['', 'float32']) {
      const { line, error } = multiply({ LORA_PRECISION: precision });
      assert.ok(!line.includes('bfloat16'), line);
      assert.ok(error < 1e-6, `${error}`);
    }
  });

  test('bfloat16 is refused where products are float32 only, and no other accelerator is taken', () => {
    const { line } = multiply({ LORA_PRECISION: 'bfloat16', LORA_BACKEND: 'wasm' });
    assert.equal(
      line,
      'AcceleratorError: useAccelerator: LORA_PRECISION=bfloat16 must have an accelerator that rounds its products, got none (wasm: its products are in float32 only). Leave it out for float32.',
    );
  });

  test('another word is refused', () => {
    const { line } = multiply({ LORA_PRECISION: 'half' });
    assert.match(line, /LORA_PRECISION must be float32 or bfloat16, got half/);
  });
});

test('the unit for bfloat16 is read from the flags of the processor', () => {
  const flags = (words: string) => processorFlags(`processor\t: 0\nflags\t\t: fpu ${words} avx2\n`);
  assert.equal(bfloat16Unit(flags('avx512_bf16 amx_bf16 amx_tile')), 'AMX');
  assert.equal(bfloat16Unit(flags('avx512f avx512_bf16')), 'AVX-512');
  for (const none of [flags('avx512f'), flags('amx_tile'), processorFlags('')]) {
    assert.throws(() => bfloat16Unit(none), AcceleratorError);
  }
});
