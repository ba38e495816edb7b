import assert from 'node:assert/strict';
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
