import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../tests/close';
import { FIXTURES } from '../../tests/fixture';
import { BASE } from '../course/shipped';
import { FileError } from '../files/local';
import { readSafetensors, writeSafetensors } from '../files/safetensors';
import { injectLora, loraLayersOf, mergeLora } from '../lora';
import { ArgumentError } from '../tensor/errors';
import { countParameters, type HostLinear, Linear, type MakeLinear, modulesOf } from '../tensor/nn';
import {
  halfLinear,
  memoryReport,
  QuantizedLinear,
  quantizedLinear,
  quantizeModel,
} from '../tensor/quant';
import {
  decodeFloat16,
  encodeFloat16,
  memory,
  peakBytes,
  Random,
  read,
  useAccelerator,
} from '../tensor/runtime';
import { GPT2, type GPT2Config } from './gpt2';
import { loadModel } from './load';
import type { LanguageModel } from './transformer';

const fixture = path.join(FIXTURES, 'gpt2_tiny');
const OPTIONS = { doubleQuantize: true };

before(useAccelerator);

describe('a model quantised while it is loaded', () => {
  test('equals the one quantised afterwards, and never holds more than its packed self', async () => {
    const start = memory();
    const linear = quantizedLinear(OPTIONS);
    const { result: model, peakBytes: peak } = await peakBytes(() => loadModel(BASE, { linear }));
    const report = memoryReport(model);
    assert.equal(memory().bytes - start.bytes, report.bytes);
    assert.ok(peak <= report.bytes, `${peak} of ${report.bytes} bytes`);
    const bits = (8 * report.packedBytes) / report.packedWeights;
    assert.ok(Math.abs(bits - 4.127) < 0.01 * 4.127, `${bits} bits a weight`);

    const { result: later, peakBytes: floats } = await peakBytes(() => loadModel(BASE));
    const saved = 4 * report.packedWeights - report.packedBytes;
    assert.ok(floats - peak >= saved, `${floats - peak} of ${saved} bytes saved`);
    const { total } = countParameters(later);
    await quantizeModel(later, OPTIONS);
    assert.equal(countParameters(later).total, total);
    assert.equal(countParameters(model).total, total);
    assert.deepEqual(await firstCodes(model), await firstCodes(later));
    for (const one of [model, later]) one.dispose();
    assert.deepEqual(memory(), start);
  });

  test('frees its layers if the file is at fault', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'load-quantized-'));
    cpSync(fixture, folder, { recursive: true });
    const reader = await readSafetensors(path.join(fixture, 'model.safetensors'));
    const tensors = new Map<string, { shape: number[]; values: Float32Array }>();
    for (const [name, { shape }] of reader.tensors) {
      if (name.endsWith('h.1.mlp.c_fc.bias')) continue;
      tensors.set(name, { shape: [...shape], values: await reader.read(name) });
    }
    await reader.close();
    await writeSafetensors(path.join(folder, 'model.safetensors'), tensors);
    const start = memory();
    await assert.rejects(loadModel(folder, { linear: quantizedLinear() }), FileError);
    let layers = 0;
    const failThird = (host: HostLinear) => {
      if (++layers === 3) throw new ArgumentError('the third');
      return quantizedLinear()(host);
    };
    await assert.rejects(loadModel(fixture, { linear: failThird }), /the third/);
    for (const [linear, message] of [
      [quantizedLinear, /^quantizedLinear: .* Call it: linear: quantizedLinear\(\)\.$/],
      ['nf4', /^loadModel: linear must be a function .* got "nf4"\.$/],
    ] as const) {
      const options = { linear: linear as unknown as MakeLinear };
      await assert.rejects(loadModel(fixture, options), { name: 'ArgumentError', message });
    }
    assert.deepEqual(memory(), start);
    rmSync(folder, { recursive: true });
  });
});

/** Reads the dense weight, the scales and the bias of the first layer. */
async function firstCodes(model: LanguageModel): Promise<Float32Array[]> {
  const layer = model.namedModules().get('transformer.h.0.attn.c_attn');
  assert.ok(layer instanceof QuantizedLinear && layer.bias);
  const weight = layer.denseWeight();
  const values = [await read(weight), await read(layer.scales), await read(layer.bias)];
  weight.dispose();
  return values;
}

describe('memoryReport', () => {
  test('counts the live tensors of a model, to the byte, with adapters too', async () => {
    const start = memory().bytes;
    const model = await loadModel(fixture, { linear: quantizedLinear(OPTIONS) });
    const base = memoryReport(model);
    assert.equal(base.trainableBytes + base.frozenBytes + base.packedBytes, base.bytes);
    injectLora(model, { targetModules: 'all-linear', r: 2, alpha: 6 });
    const report = memoryReport(model);
    assert.equal(report.bytes, memory().bytes - start);
    assert.equal(report.trainableBytes, 4 * countParameters(model).trainable);
    assert.deepEqual(
      [report.packedBytes, report.packedWeights],
      [base.packedBytes, base.packedWeights],
    );
    model.dispose();
  });

  test('finds 4.127 bits a weight in a block of distilgpt2; all six are alike', () => {
    const config: GPT2Config = {
      vocabSize: 10,
      maxPositions: 8,
      nEmbd: 768,
      nLayer: 1,
      nHead: 12,
      nInner: 3072,
      layerNormEpsilon: 1e-5,
      eosTokenIds: [],
    };
    const make = quantizedLinear(OPTIONS);
    const weights = new Map<string, tf.Tensor | QuantizedLinear>();
    const block = 'transformer.h.0.';
    weights.set('transformer.wte.weight', tf.zeros([10, 768]));
    weights.set('transformer.wpe.weight', tf.zeros([8, 768]));
    for (const norm of ['transformer.ln_f', `${block}ln_1`, `${block}ln_2`]) {
      for (const name of ['weight', 'bias']) weights.set(`${norm}.${name}`, tf.zeros([768]));
    }
    for (const [name, inFeatures, outFeatures] of [
      ['attn.c_attn', 768, 2304],
      ['attn.c_proj', 768, 768],
      ['mlp.c_fc', 768, 3072],
      ['mlp.c_proj', 3072, 768],
    ] as const) {
      const weight = Float32Array.from({ length: inFeatures * outFeatures }, (_, i) => Math.sin(i));
      const bias = new Float32Array(outFeatures);
      weights.set(block + name, make({ weight, bias, inFeatures, outFeatures }));
    }
    const model = new GPT2(config, weights);
    const { packedBytes, packedWeights } = memoryReport(model);
    assert.equal(packedWeights, 12 * 768 ** 2);
    const bits = (8 * packedBytes) / packedWeights;
    assert.ok(Math.abs(bits - 4.127) < 0.01 * 4.127, `${bits} bits a weight`);
    assert.equal(countParameters(model).total, 12 * 768 ** 2 + (3 + 1 + 4 + 1 + 6 + 18) * 768);
    for (const weight of weights.values()) if (weight instanceof tf.Tensor) weight.dispose();
    model.dispose();
  });
});

describe('a model packed into float16 while it is loaded', () => {
  test('takes half the memory for its layers, and no more while it loads', async () => {
    const start = memory();
    const { result: model, peakBytes: peak } = await peakBytes(() =>
      loadModel(fixture, { linear: halfLinear }),
    );
    const report = memoryReport(model);
    assert.equal(memory().bytes - start.bytes, report.bytes);
    assert.equal(report.packedBytes, 2 * report.packedWeights);
    assert.ok(peak <= report.bytes, `${peak} of ${report.bytes} bytes`);
    const floats = await loadModel(fixture);
    assert.equal(memoryReport(floats).bytes - report.bytes, 2 * report.packedWeights);
    assert.equal(countParameters(floats).total, countParameters(model).total);
    for (const one of [model, floats]) one.dispose();
    assert.deepEqual(memory(), start);
  });

  test('computes as the model of the rounded weights, with adapters and merged too', async () => {
    const start = memory();
    const model = await loadModel(fixture, { linear: halfLinear });
    const rounded = await loadModel(fixture);
    for (const { weight } of modulesOf(rounded, Linear).values()) {
      const values = (await read(weight)).map((value) => decodeFloat16(encodeFloat16(value)));
      tf.tidy(() => weight.assign(tf.tensor2d(values, weight.shape)));
    }
    assertClose(await logits(model), await logits(rounded), 1e-5, 'logits');
    for (const one of [model, rounded]) {
      injectLora(one, { targetModules: 'all-linear', r: 2, alpha: 6, seed: 3 });
      for (const [i, { lora }] of [...loraLayersOf(one).values()].entries()) {
        tf.tidy(() => lora.B.assign(new Random(i).normal(lora.B.shape, 0, 0.1)));
      }
    }
    const want = await logits(rounded);
    assertClose(await logits(model), want, 1e-5, 'logits with adapters');
    const [got, expected] = [await gradients(model), await gradients(rounded)];
    assert.deepEqual([...got.keys()], [...expected.keys()]);
    for (const [name, values] of got) {
      assertClose(values, expected.get(name) ?? [], 1e-5, name);
    }
    await mergeLora(model);
    assertClose(await logits(model), want, 1e-5, 'logits of the merged');
    for (const one of [model, rounded]) one.dispose();
    assert.deepEqual(memory(), start);
  });
});

const IDS = [[3, 1, 4, 1, 5, 9]];

async function logits(model: LanguageModel): Promise<Float32Array> {
  const output = tf.tidy(() => model.forward(model.idsTensor(IDS)));
  const values = await read(output);
  output.dispose();
  return values;
}

/** The gradients of the trainable parameters, by name in the model. */
async function gradients(model: LanguageModel): Promise<Map<string, Float32Array>> {
  const trainable = [...model.namedParameters()].filter(([, one]) => one.trainable);
  const { value, grads } = tf.variableGrads(() =>
    tf.tidy(() => model.forward(model.idsTensor(IDS)).square().mean().asScalar()),
  );
  const found = new Map<string, Float32Array>();
  for (const [name, { name: key }] of trainable) {
    const gradient = grads[key];
    if (gradient) found.set(name, await read(gradient));
  }
  tf.dispose([value, grads]);
  return found;
}
