import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { FIXTURES } from '../../../tests/fixture';
import { BASE } from '../../course/shipped';
import { FileError } from '../../files/local';
import { readSafetensors, writeSafetensors } from '../../files/safetensors';
import { injectLora } from '../../lora';
import { loadModel } from '../../model';
import { GPT2, type GPT2Config } from '../../model/gpt2';
import { ArgumentError } from '../errors';
import { countParameters } from '../nn';
import { memory, peakBytes, read, useAccelerator } from '../runtime';
import { memoryReport } from './memory-report';
import { quantizeModel } from './quantize-model';
import { QuantizedLinear, quantizedLinear } from './quantized-linear';

const fixture = path.join(FIXTURES, 'gpt2_tiny');
const OPTIONS = { doubleQuantize: true };

before(useAccelerator);

describe('a model quantised while it is loaded', () => {
  test('is the one quantised afterwards, and never holds more than its packed self', async () => {
    const start = memory();
    const linear = quantizedLinear(OPTIONS);
    const { result: model, peakBytes: peak } = await peakBytes(() => loadModel(BASE, { linear }));
    const report = memoryReport(model);
    assert.equal(memory().bytes - start.bytes, report.bytes);
    assert.ok(peak <= report.bytes, `${peak} of ${report.bytes} bytes`);
    const bits = (8 * report.packedBytes) / report.packedWeights;
    assert.ok(Math.abs(bits - 4.127) < 0.01 * 4.127, `${bits} bits a weight`);

    const { result: later, peakBytes: floats } = await peakBytes(() => loadModel(BASE));
    assert.ok(floats - peak > 3.5 * report.packedWeights, 'nothing was saved');
    const { total } = countParameters(later);
    await quantizeModel(later, OPTIONS);
    assert.equal(countParameters(later).total, total);
    assert.equal(countParameters(model).total, total);
    assert.deepEqual(await firstCodes(model), await firstCodes(later));
    for (const one of [model, later]) one.dispose();
    assert.deepEqual(memory(), start);
  });

  test('frees its layers where the file is at fault', async () => {
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
    await assert.rejects(
      loadModel(fixture, { linear: quantizedLinear({ blockSize: 3 }) }),
      ArgumentError,
    );
    assert.deepEqual(memory(), start);
    rmSync(folder, { recursive: true });
  });
});

/** The codes and the bias of the first layer, and its dense weight. */
async function firstCodes(model: GPT2): Promise<Float32Array[]> {
  const layer = model.namedModules().get('transformer.h.0.attn.c_attn');
  assert.ok(layer instanceof QuantizedLinear && layer.bias);
  const weight = layer.denseWeight();
  const values = [await read(weight), await read(layer.scales), await read(layer.bias)];
  weight.dispose();
  return values;
}

describe('memoryReport', () => {
  test('counts the live tensors of a model, to the byte, as the updates come', async () => {
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

  test('tells 4.127 bits a weight of a block of distilgpt2, all six of which are alike', () => {
    const config: GPT2Config = {
      ...{ vocabSize: 10, maxPositions: 8, nEmbd: 768, nLayer: 1, nHead: 12, nInner: 3072 },
      ...{ layerNormEpsilon: 1e-5, eosTokenIds: [] },
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
