import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { assertClose } from '../../../tests/close';
import { DisposedError, ShapeError } from '../errors';
import { type HostIntegers, Linear, type LinearLayer } from '../nn';
import { memory, Random, read, useAccelerator } from '../runtime';
import { quantizedMatMul } from './ops/quantized-matmul';
import { unpack } from './ops/unpack';
import { dequantize, quantize } from './quantize';
import { packedLinear, QuantizedLinear, quantizeLinear } from './quantized-linear';

before(useAccelerator);

/** Runs f with `LORA_KERNELS=reference`. */
async function onReference<T>(f: () => T | Promise<T>): Promise<T> {
  const { LORA_KERNELS } = process.env;
  process.env.LORA_KERNELS = 'reference';
  try {
    return await f();
  } finally {
    if (LORA_KERNELS === undefined) delete process.env.LORA_KERNELS;
    else process.env.LORA_KERNELS = LORA_KERNELS;
  }
}

describe('unpack', () => {
  const words = Int32Array.of(
    0,
    -1,
    -2,
    2 ** 31 - 1,
    -(2 ** 31),
    0x12345678,
    0xffff,
    -65537,
    65535,
  );

  test('gives both halves of some words, the low half first', () => giveHalves());

  test('gives them by its reference too', () => onReference(giveHalves));

  async function giveHalves(): Promise<void> {
    const tensor = tf.tensor1d(words, 'int32');
    for (const [first, count] of [
      [0, words.length],
      [1, 5],
    ] as const) {
      const got = tf.tidy(() => unpack({ words: tensor }, { first, count }).cast('float32'));
      const want = new Uint16Array(words.buffer).subarray(2 * first, 2 * (first + count));
      assert.deepEqual(Array.from(await read(got)), Array.from(want));
      got.dispose();
    }
    tensor.dispose();
  }
});

/** d, k: within a tile, in many tiles, with rows that start inside blocks and bytes. */
const SHAPES: [number, number][] = [
  [5, 64],
  [3, 7],
  [70, 33],
  [130, 4097],
];

describe('QuantizedLinear equals dequantise-then-multiply', () => {
  for (const [d, k] of SHAPES) {
    for (const doubleQuantize of [false, true]) {
      const type = doubleQuantize ? 'nf4' : 'fp4';
      test(`[${d}, ${k}] in ${type}${doubleQuantize ? ', scales in 8 bits' : ''}`, async () => {
        await compare(d, k, { type, doubleQuantize });
      });
    }
  }
});

async function compare(
  d: number,
  k: number,
  options: { type: 'nf4' | 'fp4'; doubleQuantize: boolean },
): Promise<void> {
  const start = memory();
  const linear = new Linear({ inFeatures: k, outFeatures: d, seed: 3 });
  const layer = await quantizeLinear(linear, options);
  const values = dequantize(quantize(await read(linear.weight), options));
  const weight = tf.tensor2d(values, [d, k]);
  const plain = new Linear({ weight, bias: linear.bias });
  await compareLayers(layer, plain);
  weight.dispose();
  for (const one of [linear, layer, plain]) one.dispose();
  assert.deepEqual(memory(), start);
}

/** Compares outputs and gradients of x. */
async function compareLayers(layer: LinearLayer, plain: LinearLayer): Promise<void> {
  const [d, k] = [plain.outFeatures, plain.inFeatures];
  const random = new Random(4);
  const [x, dh] = [random.normal([2, 2, k], 0, 1), random.normal([2, 2, d], 0, 1)];

  const [got, want] = [layer, plain].map((one) => tf.valueAndGrad((v) => one.forward(v))(x, dh));
  assert.ok(got && want);
  assert.deepEqual(got.value.shape, [2, 2, d]);
  assertClose(await read(got.value), await read(want.value), 1e-5, 'h');
  assertClose(await read(got.grad), await read(want.grad), 1e-5, 'dL/dx');

  tf.dispose([x, dh, got.value, got.grad, want.value, want.grad]);
}

/** Integers from the lowest to the highest of their type, with scales and offsets as in GGUF files. */
function drawIntegers(
  [d, k]: [number, number],
  type: HostIntegers['type'],
  blockSize: number,
  hasOffsets: boolean,
): HostIntegers {
  const [low, count] = { int4: [-8, 16], uint4: [0, 16], int8: [-128, 256] }[type] as [
    number,
    number,
  ];
  const codes = Int8Array.from({ length: d * k }, (_, i) => low + ((i * 7919) % count));
  const draw = (seed: number) =>
    Float32Array.from({ length: (d * k) / blockSize }, (_, i) => Math.sin(seed * (i + 1)));
  return { type, codes, blockSize, scales: draw(3), offsets: hasOffsets ? draw(5) : null };
}

describe('a layer of integers equals one of w = s q + m', () => {
  for (const [type, blockSize, hasOffsets] of [
    ['int4', 32, false],
    ['uint4', 32, true],
    ['int8', 16, false],
    ['int8', 32, true],
  ] as const) {
    for (const shape of [
      [5, 64],
      [130, 4096],
    ] as [number, number][]) {
      test(`[${shape.join(', ')}] in ${type}, ${blockSize} a block${hasOffsets ? ', offsets' : ''}`, async () => {
        const start = memory();
        const integers = drawIntegers(shape, type, blockSize, hasOffsets);
        const { codes, scales, offsets } = integers;
        const weight = Float32Array.from(codes, (q, i) => {
          const block = Math.floor(i / blockSize);
          return (scales[block] ?? NaN) * q + (offsets ? (offsets[block] ?? NaN) : 0);
        });
        const bias = Float32Array.from({ length: shape[0] }, (_, i) => i);
        const host = { weight, bias, outFeatures: shape[0], inFeatures: shape[1] };
        const [layer, plain] = [packedLinear({ ...host, integers }), packedLinear(host)];
        assert.ok(layer instanceof QuantizedLinear && plain instanceof Linear);
        const dense = layer.denseWeight();
        assertClose(await read(dense), weight, 1e-7, 'W');
        dense.dispose();
        await compareLayers(layer, plain);
        await onReference(() => compareLayers(layer, plain));
        for (const one of [layer, plain]) one.dispose();
        assert.deepEqual(memory(), start);
      });
    }
  }
});

describe("this backend's QuantizedMatMul equals its reference", () => {
  const sizes = fc.record({
    n: fc.integer({ min: 1, max: 70 }),
    d: fc.integer({ min: 1, max: 50 }),
    k: fc.integer({ min: 1, max: 150 }),
    blockSize: fc.constantFrom(32, 64, 128),
    doubleQuantize: fc.boolean(),
    transpose: fc.boolean(),
  });

  test('on random sizes, forward and backward', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ n, d, k, transpose, ...options }) => {
        const start = memory();
        const linear = new Linear({ inFeatures: k, outFeatures: d, bias: false, seed: n });
        const { packed, scales, layout } = await quantizeLinear(linear, options);
        const [inner, columns] = transpose ? [k, d] : [d, k];
        const x = new Random(k).normal<tf.Rank.R2>([n, inner], 0, 1);
        const inputs = { x, packed, scales };
        const attrs = { ...layout, transpose };
        const reference = await onReference(() => quantizedMatMul(inputs, attrs));
        const want = await read(reference);
        // A shader that does not run leaves what the freed memory held, which is not the result.
        const poison = tf.tidy(() => tf.fill([n, columns], 3e33).neg());
        await read(poison);
        poison.dispose();
        const got = quantizedMatMul(inputs, attrs);
        assertClose(await read(got), want, 1e-5);
        tf.dispose([reference, got, x, packed, scales]);
        linear.dispose();
        assert.deepEqual(memory(), start);
      }),
      { numRuns: 12 },
    );
  });
});

describe('QuantizedLinear', () => {
  test('keeps no float32 weight, nor makes one', async () => {
    const [d, k] = [2048, 1024];
    const linear = new Linear({ inFeatures: k, outFeatures: d, bias: false });
    const start = memory().bytes;
    const layer = await quantizeLinear(linear, { doubleQuantize: true });
    assert.equal(memory().bytes - start, (d * k) / 2 + (d * k) / 64 + (d * k) / 64 / 64 + 4);
    const bits = (8 * layer.weightBytes) / (d * k);
    assert.ok(Math.abs(bits - 4.127) < 5e-4, `${bits}`);
    linear.dispose();

    const x = tf.ones([1, k]);
    const grad = tf.grad((v) => layer.forward(v));
    const before = memory().bytes;
    const { peakBytes, result } = await tf.profile(() => grad(x));
    // The WGSL kernel makes nothing but h and dL/dx; the others unpack tile by tile.
    const limit = tf.getBackend() === 'webgpu' ? 100 * 4 * (d + k) : (4 * d * k) / 2;
    assert.ok(peakBytes - before < limit, `${peakBytes - before} bytes in between`);
    tf.dispose([x, result]);
    layer.dispose();
  });

  test('is frozen', async () => {
    const linear = new Linear({ inFeatures: 4, outFeatures: 3 });
    const layer = await quantizeLinear(linear);
    assert.deepEqual([...layer.namedParameters().keys()], ['packed', 'scales', 'bias']);
    for (const parameter of layer.namedParameters().values()) assert.ok(!parameter.trainable);
    linear.dispose();
    layer.dispose();
  });

  test('refuses what does not fit', async () => {
    const linear = new Linear({ inFeatures: 4, outFeatures: 3 });
    const layer = await quantizeLinear(linear);
    assert.throws(() => layer.forward(tf.ones([2, 3])), ShapeError);
    const weight = quantize(new Float32Array(12));
    for (const [outFeatures, inFeatures] of [
      [3, 5],
      [4, 3],
    ] as [number, number][]) {
      const weights = { weight, outFeatures, inFeatures, bias: linear.bias };
      assert.throws(() => new QuantizedLinear(weights), ShapeError);
    }
    layer.dispose();
    assert.throws(() => layer.forward(tf.ones([2, 4])), DisposedError);
    linear.dispose();
    await assert.rejects(quantizeLinear(linear), DisposedError);
  });
});
