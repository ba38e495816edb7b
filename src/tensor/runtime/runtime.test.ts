import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { AcceleratorError, ArgumentError, DisposedError } from '../errors';
import { describeAccelerator, useAccelerator } from './accelerator';
import { memory } from './memory';
import { peakBytes } from './peak-bytes';
import { Random } from './random';
import { read } from './read';

before(useAccelerator);

/** Runs a process with this environment, and returns the accelerator it picks. */
function pick(env: Record<string, string>): { name: string; passed: string[]; error?: string } {
  const program = `
    require(${JSON.stringify(__dirname)}).useAccelerator().then(
      ({ name, passedOver }) => ({ name, passed: passedOver.map((other) => other.name) }),
      (error) => ({ name: error.name, passed: [], error: error.message }),
    ).then((result) => { console.log(JSON.stringify(result)); process.exit(); })`;
  const { stdout } = spawnSync(process.execPath, ['-e', program], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return JSON.parse(stdout.trim()) as ReturnType<typeof pick>;
}

describe('useAccelerator', () => {
  test('takes the accelerator that LORA_BACKEND forces, and tfjs computes on it', async () => {
    const { name, backend } = await useAccelerator();
    assert.equal(tf.getBackend(), backend);
    if (process.env.LORA_BACKEND) assert.equal(name, process.env.LORA_BACKEND);
    assert.equal(await useAccelerator(), await useAccelerator());
  });

  test('refuses an unknown name and lists the known ones', () => {
    const { name, error } = pick({ LORA_BACKEND: 'tpu' });
    assert.equal(name, 'AcceleratorError');
    assert.match(error ?? '', /one of cuda, webgpu, cpu-native, wasm, js, got tpu/);
  });

  test('fails if the forced one is missing, and computes on no other', () => {
    const { name, error } = pick({
      LORA_BACKEND: 'webgpu',
      VK_DRIVER_FILES: '/nowhere',
      VK_ICD_FILENAMES: '/nowhere',
    });
    assert.equal(name, 'AcceleratorError');
    assert.match(error ?? '', /LORA_BACKEND=webgpu must name an accelerator of this machine/);
  });

  test('never picks a software GPU unforced, and lists the accelerators passed over', () => {
    const { name, passed } = pick({ LORA_BACKEND: '' });
    assert.notEqual(name, 'AcceleratorError');
    const order = ['cuda', 'webgpu', 'cpu-native', 'wasm', 'js'];
    assert.deepEqual(passed, order.slice(0, order.indexOf(name)));
    const software = /swiftshader/.test(process.env.VK_DRIVER_FILES ?? '');
    if (software) assert.notEqual(name, 'webgpu');
  });

  test('is described in one line', () => {
    const line = describeAccelerator({
      name: 'wasm',
      backend: 'wasm',
      device: 'CPU',
      passedOver: [{ name: 'cuda', reason: 'no NVIDIA driver' }],
    });
    assert.equal(line, 'Accelerator: wasm, CPU. Passed over: cuda (no NVIDIA driver).');
  });
});

describe('Random', () => {
  test('draws the same numbers on every accelerator', async () => {
    const random = new Random(42);
    const uniform = await read(random.uniform([3], -1, 1));
    const normal = await read(random.normal([3], 0, 1));
    assert.deepEqual(Array.from(uniform), UNIFORM_42);
    assert.deepEqual(Array.from(normal), NORMAL_42);
  });

  test('gives keys, another at each call, that follow from the seed', () => {
    const random = new Random(42);
    assert.deepEqual(random.key(), [-1353500977, -1948521574]);
    assert.deepEqual(random.key(), [-663171647, 855065811]);
  });

  test('draws again from a place that it remembers, and then goes on from where it was', async () => {
    const [random, twin] = [new Random(42), new Random(42)];
    random.key();
    const again = random.remember();
    const drawn = [random.key(), Array.from(await read(random.normal([3], 0, 1)))];
    const then = again(() => [random.key(), random.normal([3], 0, 1)] as const);
    assert.deepEqual([then[0], Array.from(await read(then[1]))], drawn);
    assert.throws(() => again(() => random.key() && assert.fail('half-way')), /half-way/);
    for (let i = 0; i < 2; i++) twin.key();
    twin.normal([3], 0, 1);
    assert.deepEqual(random.key(), twin.key());
  });

  test('takes seed 0 as a seed', async () => {
    const draw = () => read(new Random(0).normal([4], 0, 1));
    assert.deepEqual(await draw(), await draw());
  });

  test('has the moments asked for', async () => {
    const values = await read(new Random(3).normal([20_000], 5, 2));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    assert.ok(Math.abs(mean - 5) < 0.06, `mean ${mean}`);
    assert.ok(Math.abs(variance - 4) < 0.2, `variance ${variance}`);
    const bounded = await read(new Random(3).uniform([20_000], -3, 7));
    assert.ok(bounded.every((value) => value >= -3 && value < 7));
    assert.ok(Math.min(...bounded) < -2.9 && Math.max(...bounded) > 6.9);
  });

  test('refuses a seed that is no integer', () => {
    assert.throws(() => new Random(NaN), ArgumentError);
  });
});

describe('read', () => {
  test('gives the values row by row', async () => {
    assert.deepEqual(
      Array.from(
        await read(
          tf.tensor2d([
            [1, 2],
            [3, 4],
          ]),
        ),
      ),
      [1, 2, 3, 4],
    );
  });

  test('refuses a disposed tensor and another dtype', async () => {
    const gone = tf.zeros([1]);
    gone.dispose();
    await assert.rejects(read(gone), DisposedError);
    await assert.rejects(read(tf.tensor1d([1], 'int32')), ArgumentError);
  });

  // The other accelerators have no device that could report anything.
  const skip = process.env.LORA_BACKEND === 'webgpu' ? false : 'needs webgpu';
  test('throws what a WebGPU device reports, once', { skip }, async () => {
    const { device } = tf.backend() as unknown as {
      device: { createShaderModule(descriptor: { code: string }): void };
    };
    device.createShaderModule({ code: 'no WGSL' });
    await assert.rejects(read(tf.ones([4]).add(1)), AcceleratorError);
    assert.deepEqual(Array.from(await read(tf.ones([2]).add(1))), [2, 2]);
  });
});

describe('memory', () => {
  test('counts tensors, bytes, and native handles where there are any', () => {
    const before = memory();
    const tensor = tf.ones([10, 3]).add(1);
    const after = memory();
    assert.equal(after.tensors - before.tensors, 2);
    assert.equal(after.bytes - before.bytes, 2 * 10 * 3 * 4);
    assert.equal(after.nativeHandles === null, tf.getBackend() !== 'tensorflow');
    if (after.nativeHandles !== null) assert.ok(after.nativeHandles > (before.nativeHandles ?? 0));
    tensor.dispose();
  });
});

describe('peakBytes', () => {
  test('counts what is alive together, and aliases once', async () => {
    const { result, peakBytes: peak } = await peakBytes(async () => {
      for (let i = 0; i < 3; i++) tf.tidy(() => tf.variable(tf.ones([100])).dispose());
      const kept = tf.tidy(() => tf.ones([50]).add(tf.ones([50])));
      await read(kept);
      return kept;
    });
    assert.equal(peak, 3 * 50 * 4);
    result.dispose();
    const later = await peakBytes(() => Promise.resolve(tf.ones([7]).dispose()));
    assert.equal(later.peakBytes, 7 * 4);
  });

  test('counts no earlier tensor again, and the new value of a variable in place of the old', async () => {
    const weight = tf.tidy(() => tf.variable(tf.ones([1000])));
    const saved = await peakBytes(() => Promise.resolve(weight.clone().dispose()));
    assert.equal(saved.peakBytes, tf.getBackend() === 'wasm' ? 1000 * 4 : 0); // wasm copies
    const assigned = await peakBytes(async () => {
      for (let i = 0; i < 3; i++) tf.tidy(() => weight.assign(tf.ones([1000])));
      await read(weight);
    });
    assert.equal(assigned.peakBytes, 1000 * 4); // old and new at once
    weight.dispose();
  });
});

// As drawn on the js accelerator.
const UNIFORM_42 = [0.3697269856929779, 0.6911866664886475, 0.12747624516487122];
const NORMAL_42 = [0.11920258402824402, -0.06384138762950897, -0.17774903774261475];
