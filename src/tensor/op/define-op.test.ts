import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { afterEach, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { alive } from '../../../tests/fresh';
import { ShapeError } from '../errors';
import { type AcceleratorName, read, useAccelerator } from '../runtime';
import { defineOp, kernelRuns } from './define-op';

let accelerator: AcceleratorName;

before(async () => {
  accelerator = (await useAccelerator()).name;
});

describe('defineOp picks the kernel', () => {
  const { LORA_KERNELS } = process.env;
  afterEach(() => {
    if (LORA_KERNELS === undefined) delete process.env.LORA_KERNELS;
    else process.env.LORA_KERNELS = LORA_KERNELS;
  });
  const kernels = {
    shapes: {},
    reference: () => tf.scalar(1),
    native: () => tf.scalar(2),
    webgpu: () => tf.scalar(3),
  };
  const own = () => ({ 'cpu-native': 'native', webgpu: 'webgpu' })[accelerator as string];

  test("of its accelerator: compiled on cpu-native, WGSL on webgpu, else the op's reference", async () => {
    delete process.env.LORA_KERNELS;
    const op = defineOp<object>('TestAll', kernels);
    await isRun(op, { native: 2, webgpu: 3 }[own() ?? ''] ?? 1);
    const slot = own() ?? 'reference';
    assert.deepEqual(kernelRuns().get('TestAll'), {
      reference: 0,
      native: 0,
      webgpu: 0,
      [slot]: 1,
    });
  });

  test('that is the reference if it has no other', async () => {
    delete process.env.LORA_KERNELS;
    await isRun(defineOp<object>('TestReference', { shapes: {}, reference: kernels.reference }), 1);
    assert.deepEqual(kernelRuns().get('TestReference'), { reference: 1 });
  });

  test('that is the reference under LORA_KERNELS=reference', async () => {
    const op = defineOp<object>('TestAll', kernels);
    process.env.LORA_KERNELS = 'reference';
    await isRun(op, 1);
    assert.deepEqual(kernelRuns().get('TestAll'), { reference: 1, native: 0, webgpu: 0 });
  });

  async function isRun(op: (inputs: object) => tf.Tensor, value: number): Promise<void> {
    const made = op({});
    assert.deepEqual([...(await read(made))], [value]);
    made.dispose();
  }
});

describe('an op', () => {
  type Inputs = { x: tf.Tensor; y: tf.Tensor | null };
  const split = defineOp<Inputs, { c: tf.Tensor }, { sum: tf.Tensor; rest?: tf.Tensor }>(
    'TestSplit',
    {
      shapes: { x: '...', y: '...', c: ['', 'n'] },
      outputs: ['sum', 'rest'],
      consumes: 'x',
      reference: ({ x, y }, { c }) => {
        if (!y) return { sum: x.clone() };
        return tf.tidy(() => ({ sum: x.add(y), rest: x.sub(y).mul(c) }));
      },
      saves: ['y', 'rest'],
      gradient: ({ sum: dSum }, { y, rest }, { c }) => ({
        x: () => tf.tidy(() => dSum.mul(rest as tf.Tensor).mul(c)),
        y: () => dSum.mul(y as tf.Tensor),
      }),
    },
  );

  test('names several outputs, frees what it consumes, and may get a tensor as attribute', async () => {
    const start = alive();
    const [x, y, c] = [tf.tensor1d([1, 2]), tf.tensor1d([5, 7]), tf.scalar(3)];
    const { sum, rest } = split({ x, y }, { c });
    assert.ok(x.isDisposed && !y.isDisposed);
    assertClose(await read(sum), [6, 9], 0);
    assertClose(await read(rest as tf.Tensor), [-12, -15], 0);
    tf.dispose([y, c, sum, rest]);
    assert.deepEqual(alive(), start);
  });

  test('may be called without an input, and may leave out an output', () => {
    const x = tf.tensor1d([1, 2]);
    const made = split({ x, y: null }, { c: x });
    assert.deepEqual(Object.keys(made), ['sum']);
    tf.dispose([made.sum, x]);
  });

  test('gets the saved inputs and outputs by name in its gradient', async () => {
    const start = alive();
    const [x, y, c] = [tf.tensor1d([1, 2]), tf.tensor1d([5, 7]), tf.scalar(3)];
    const f = (v: tf.Tensor, w: tf.Tensor) => split({ x: v.clone(), y: w }, { c }).sum;
    const [dx, dy] = tf.grads(f)([x, y]) as [tf.Tensor, tf.Tensor];
    assertClose(await read(dx), [-36, -45], 0);
    assertClose(await read(dy), [5, 7], 0);
    tf.dispose([x, y, c, dx, dy]);
    assert.deepEqual(alive(), start);
  });

  test('refuses tensors that do not fit before a kernel runs; what it consumes stays', () => {
    const [x, y, c] = [tf.tensor1d([1, 2]), tf.tensor1d([5, 7, 9]), tf.scalar(3)];
    const before = kernelRuns().get('TestSplit')?.reference;
    assert.throws(() => split({ x, y }, { c }), ShapeError);
    assert.equal(kernelRuns().get('TestSplit')?.reference, before);
    assert.ok(!x.isDisposed);
    tf.dispose([x, y, c]);
  });

  test('defined anew without a gradient has none', () => {
    const given = { shapes: { x: '' }, reference: ({ x }: { x: tf.Tensor }) => tf.mul(x, 5) };
    defineOp<{ x: tf.Tensor }>('Redefined', { ...given, gradient: (dy) => ({ x: () => dy }) });
    const redefined = defineOp<{ x: tf.Tensor }>('Redefined', given);
    assert.equal(tf.getGradient('Redefined'), undefined);
    redefined({ x: tf.scalar(2) }).dispose();
  });
});

describe('defineOp refuses', () => {
  const x = { shapes: { x: '...' }, reference: ({ x }: { x: tf.Tensor }) => x.mul(2) };

  for (const name of ['Relu', 'BatchMatMul', 'Add', 'Sum', 'Identity', 'Transpose']) {
    test(`${name}, a kernel of tfjs, which stays as it was`, () => {
      const kernel = tf.getKernel(name, 'cpu');
      const gradient = tf.getGradient(name);
      const message = `defineOp: name must be one that tfjs does not have, got ${name}. Choose another name.`;
      assert.throws(() => defineOp<{ x: tf.Tensor }>(name, x), { name: 'ArgumentError', message });
      assert.equal(tf.getKernel(name, 'cpu'), kernel);
      assert.equal(tf.getGradient(name), gradient);
      assert.equal(kernelRuns().get(name), undefined);
    });
  }

  test('a name that another package has registered, its gradient too', () => {
    const config = { kernelName: 'TestForeign', backendName: 'wasm' };
    tf.registerKernel({ ...config, kernelFunc: () => tf.scalar(1) });
    assert.throws(() => defineOp<{ x: tf.Tensor }>('TestForeign', x), { name: 'ArgumentError' });
    tf.registerGradient({ kernelName: 'TestForeignGradient', gradFunc: () => ({}) });
    assert.throws(() => defineOp<{ x: tf.Tensor }>('TestForeignGradient', x), /must be one that/);
  });

  test('no op of its own: a reload of the file may define it again', () => {
    const gradient = (dy: tf.Tensor) => ({ x: () => dy.mul(2) });
    for (let i = 0; i < 2; i++) defineOp<{ x: tf.Tensor }>('TestReloaded', { ...x, gradient });
    const load = createRequire(__filename);
    const file = load.resolve('./define-op');
    const cached = load.cache[file];
    delete load.cache[file];
    const again = load(file) as { defineOp: typeof defineOp };
    load.cache[file] = cached;
    assert.notEqual(again.defineOp, defineOp);
    again.defineOp<{ x: tf.Tensor }>('TestReloaded', { ...x, gradient });
  });

  for (const [wrong, message] of [
    [{ saves: ['X'] }, 'saves of TestWrong must name x or output, got X.'],
    [
      { saves: ['outptu'] },
      'saves of TestWrong must name x or output, got outptu. Did you mean output?',
    ],
    [{ saves: ['x', 'y'] }, 'saves of TestWrong must name x or output, got y.'],
    [{ consumes: 'z' }, 'consumes of TestWrong must name x, got z.'],
    [{ outputs: ['sum'], saves: ['output'] }, 'saves of TestWrong must name x or sum, got output.'],
  ] as const) {
    test(`${JSON.stringify(wrong)}, which names no tensor of the op`, () => {
      const define = (shapes: object) =>
        defineOp<{ x: tf.Tensor }>('TestWrong', { ...x, shapes, ...wrong } as never);
      const error = { name: 'ArgumentError', message: `defineOp: ${message}` };
      assert.throws(() => define(x.shapes), error);
      assert.equal(kernelRuns().get('TestWrong'), undefined);
    });
  }

  test('such a name where a shape follows from the attributes', () => {
    const definition = { ...x, shapes: { x: () => '...' }, saves: ['y'] };
    const before = alive();
    const message = 'defineOp: saves of TestLate must name x or output, got y.';
    assert.throws(() => defineOp<{ x: tf.Tensor }>('TestLate', definition as never), {
      name: 'ArgumentError',
      message,
    });
    assert.deepEqual(alive(), before);
  });
});
