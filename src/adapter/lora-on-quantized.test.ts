import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../tests/close';
import { onSoftwareGpu } from '../../tests/some-of';
import type { LoRALinear } from '../lora';
import {
  applyLoraToLinear,
  dora,
  injectLora,
  mergeLora,
  mergeLoraWeights,
  removeLora,
  removeLoraFromLinear,
  loraLayersOf,
  type Variant,
} from '../lora';
import { countParameters, Linear, Module } from '../tensor/nn';
import { QuantizedLinear, quantizeLinear, quantizeModel } from '../tensor/quant';
import { memory, peakBytes, Random, read, useAccelerator } from '../tensor/runtime';
import { loadAdapter, savePretrained } from './peft';

const TOLERANCE = 1e-5;
const [D, K, R] = [6, 40, 2];

/** x [n, 40] -> up [n, 6] -> down [n, 40] */
class Net extends Module {
  constructor() {
    super();
    this.addChild('up', new Linear({ inFeatures: K, outFeatures: D, seed: 1 }));
    this.addChild('down', new Linear({ inFeatures: D, outFeatures: K, seed: 2 }));
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.child('down').forward(this.child('up').forward(x).tanh()));
  }
}

before(useAccelerator);

/** Draws B, so that it is not 0. */
function drawB({ lora }: LoRALinear, seed: number): void {
  tf.tidy(() => lora.B.assign(new Random(seed).normal<tf.Rank.R2>(lora.B.shape, 0, 1)));
}

async function outputOf(model: Module, x: tf.Tensor): Promise<Float32Array> {
  const y = model.forward(x);
  const values = await read(y);
  y.dispose();
  return values;
}

/** Computes the output and the gradients of x, A and B, for dL/dh = 1, 2, 3, ... */
async function passes(layer: LoRALinear, x: tf.Tensor): Promise<Float32Array[]> {
  const tensors = tf.tidy(() => {
    const dh = tf.range(1, 1 + (x.size / K) * D).reshape([...x.shape.slice(0, -1), D]);
    const loss = () => layer.forward(x).mul(dh).sum().asScalar();
    const { grads } = tf.variableGrads(loss);
    assert.equal(Object.keys(grads).length, layer.variant ? 3 : 2);
    const dx = tf.grad((v) => layer.forward(v))(x, dh);
    return [layer.forward(x), dx, grads[layer.lora.A.name], grads[layer.lora.B.name]];
  });
  const values = await Promise.all(tensors.map((tensor) => read(tensor as tf.Tensor)));
  tf.dispose(tensors);
  return values;
}

describe('an adapter on a layer in 4 bits', () => {
  for (const variant of [undefined, dora] as (Variant | undefined)[]) {
    for (const bias of [true, false]) {
      const title = `${variant ? 'DoRA' : 'LoRA'}${bias ? '' : ' without bias'}`;
      test(`${title}: forward, gradients and merge equal those on the dequantised layer`, () =>
        compare(bias, variant));
    }
  }
});

function assertEqual(got: Float32Array[], want: Float32Array[]): void {
  for (const [i, values] of got.entries()) {
    const what = ['h', 'dL/dx', 'dL/dA', 'dL/dB'][i];
    assertClose(values, want[i] as Float32Array, TOLERANCE, what);
  }
}

async function compare(bias: boolean, variant?: Variant): Promise<void> {
  const start = memory();
  const linear = new Linear({ inFeatures: K, outFeatures: D, bias, seed: 3 });
  const packed = await quantizeLinear(linear, { type: 'nf4', blockSize: 32 });
  linear.dispose();
  const weight = packed.denseWeight();
  const dense = new Linear({ weight, bias: packed.bias });
  for (const parameter of dense.namedParameters().values()) parameter.trainable = false;
  const options = { r: R, alpha: 5, seed: 4, dropout: 0.3, ...(variant ? { variant } : {}) };
  const got = applyLoraToLinear(packed, options);
  const want = applyLoraToLinear(dense, options);
  for (const layer of [got, want]) drawB(layer, 7);

  const x = new Random(5).normal([2, 3, K], 0, 1);
  const expected = await passes(want, x);
  assertEqual(await passes(got, x), expected);
  for (const layer of [got, want]) layer.setTraining(new Random(9));
  assertEqual(await passes(got, x), await passes(want, x));
  got.setTraining(null);
  const merged = await mergeLoraWeights(got);
  assertClose(await outputOf(merged, x), expected[0] as Float32Array, TOLERANCE, 'merged');
  assert.ok(merged instanceof Linear && !packed.isDisposed);
  assert.equal(removeLoraFromLinear(got), packed);

  tf.dispose([weight, x]);
  for (const module of [packed, dense, want, merged]) module.dispose();
  assert.deepEqual(memory(), start);
}

describe('a model in 4 bits', () => {
  test('keeps no more for the backward pass than one in float32', async () => {
    // Of [n, k] floats kept, 3.2 million bytes or 320,000. Dequantising needs two million for a
    // moment, but in WGSL none.
    const [rows, scratch] = onSoftwareGpu ? [2000, 300_000] : [20_000, 3_000_000];
    const x = new Random(1).normal([rows, K], 0, 1);
    const peaks: number[] = [];
    for (const isPacked of [false, true]) {
      const model = new Net();
      if (isPacked) await quantizeModel(model);
      injectLora(model, { targetModules: ['up', 'down'], r: R, alpha: 5 });
      const { result, peakBytes: peak } = await peakBytes(() =>
        Promise.resolve(tf.variableGrads(() => model.forward(x).square().sum().asScalar())),
      );
      peaks.push(peak);
      tf.dispose([result.value, result.grads]);
      model.dispose();
    }
    const [floats = NaN, packed = NaN] = peaks;
    assert.ok(packed - floats < scratch, `${packed} bytes, ${floats} in float32`);
    x.dispose();
  });

  test('takes adapters and gives them up as any other model', async () => {
    const start = memory();
    const model = new Net();
    await quantizeModel(model);
    const x = new Random(1).normal([3, K], 0, 1);
    const before = await outputOf(model, x);
    const tensors = memory().tensors;
    const names = injectLora(model, { targetModules: ['up', 'down'], r: R, alpha: 5 });
    assert.deepEqual(names, ['up', 'down']);
    assertClose(await outputOf(model, x), before, TOLERANCE);
    assert.equal(countParameters(model).trainable, 2 * R * (D + K));
    for (const layer of loraLayersOf(model).values()) drawB(layer, 2);
    assert.notDeepEqual(await outputOf(model, x), before);
    removeLora(model);
    assert.deepEqual(await outputOf(model, x), before);
    assert.equal(memory().tensors, tensors);
    x.dispose();
    model.dispose();
    assert.deepEqual(memory(), start);
  });

  test('merges into float32 layers that compute the same', async () => {
    const start = memory();
    const model = new Net();
    await quantizeModel(model);
    injectLora(model, { targetModules: ['down'], r: R, alpha: 5 });
    for (const layer of loraLayersOf(model).values()) drawB(layer, 2);
    const x = new Random(1).normal([3, K], 0, 1);
    const adapted = await outputOf(model, x);
    assert.deepEqual(await mergeLora(model), ['down']);
    assertClose(await outputOf(model, x), adapted, TOLERANCE);
    const [up, down] = ['up', 'down'].map((name) => model.namedModules().get(name));
    assert.ok(up instanceof QuantizedLinear && down instanceof Linear);
    x.dispose();
    model.dispose();
    assert.deepEqual(memory(), start);
  });

  test('saves its adapter and loads it again', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'lora-on-quantized-'));
    const [model, again] = [new Net(), new Net()];
    for (const one of [model, again]) await quantizeModel(one, { doubleQuantize: true });
    injectLora(model, { targetModules: ['up', 'down'], r: R, alpha: 5 });
    for (const layer of loraLayersOf(model).values()) drawB(layer, 2);
    await savePretrained(model, folder);
    await loadAdapter(again, folder);
    const x = new Random(1).normal([3, K], 0, 1);
    assert.deepEqual(await outputOf(again, x), await outputOf(model, x));
    rmSync(folder, { recursive: true });
    x.dispose();
    for (const one of [model, again]) one.dispose();
  });
});
