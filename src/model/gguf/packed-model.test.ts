import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { FIXTURES } from '../../../tests/fixture';
import { tolerance } from '../../../tests/llama-cases';
import { someOf } from '../../../tests/some-of';
import { injectLora, loraLayersOf, mergeLora } from '../../lora';
import { countParameters, Linear, type LinearLayer, modulesOf } from '../../tensor/nn';
import { memoryReport, packedLinear, QuantizedLinear } from '../../tensor/quant';
import { memory, peakBytes, Random, read, useAccelerator } from '../../tensor/runtime';
import { loadModel } from '../load';
import { saveModel } from '../save';
import type { LanguageModel } from '../transformer';

/** The count of layers in integers, and of others, the head's included; and the bits of a weight in integers. */
const CASES = {
  quantized: { packed: 14, others: 1, bits: 6 },
  gpt2_packed: { packed: 8, others: 0, bits: 6 },
  // 2 (64 · 64 · 2 + 64 · 16 + 64 · 96) weights in 5 bits, 2 · 64 · 16 in 9, 2 · 64 · 96 in 10.
  mixed: { packed: 12, others: 3, bits: (5 * 15 + 9 * 1 + 10 * 6) / 22 },
};
const IDS = [[3, 1, 4, 1, 5, 9, 2, 6]];

before(useAccelerator);

const load = async (name: string) => {
  const file = path.join(FIXTURES, 'gguf_models', `${name}.gguf`);
  return { packed: await loadModel(file, { linear: packedLinear }), wide: await loadModel(file) };
};

async function readAll(tensors: tf.Tensor[]): Promise<Float32Array[]> {
  const values = await Promise.all(tensors.map((tensor) => read(tensor)));
  tf.dispose(tensors);
  return values;
}

const logitsOf = async (model: LanguageModel) =>
  (await readAll([tf.tidy(() => model.forward(model.idsTensor(IDS)))]))[0] as Float32Array;

for (const [name, { packed: count, others, bits }] of someOf(Object.entries(CASES), 2)) {
  describe(`${name}.gguf kept packed`, () => {
    test('has its linear layers in the integers of the file', async () => {
      const start = memory();
      const { packed, wide } = await load(name);
      assert.equal(modulesOf(packed, QuantizedLinear).size, count);
      assert.equal(modulesOf(packed, Linear).size, others);
      const report = memoryReport(packed);
      assert.ok(Math.abs((8 * report.packedBytes) / report.packedWeights - bits) < 1e-9);
      assert.equal(
        memoryReport(wide).bytes - report.bytes,
        4 * report.packedWeights - report.packedBytes,
      );
      assert.equal(countParameters(packed).total, countParameters(wide).total);
      for (const one of [packed, wide]) one.dispose();
      assert.deepEqual(memory(), start);
    });

    test('has the very weights of the widened one', async () => {
      const { packed, wide } = await load(name);
      for (const [layer, linear] of modulesOf(wide, Linear)) {
        const same = packed.namedModules().get(layer) as LinearLayer;
        const [got, want] = await readAll([same.denseWeight(), linear.denseWeight()]);
        assert.deepEqual(got, want, layer);
      }
      for (const one of [packed, wide]) one.dispose();
    });

    test('computes the same, back to the input of each layer too', async () => {
      const { packed, wide } = await load(name);
      assertClose(await logitsOf(packed), await logitsOf(wide), tolerance());
      for (const [layer, linear] of modulesOf(wide, Linear)) {
        const same = packed.namedModules().get(layer) as LinearLayer;
        const random = new Random(2);
        const x = random.normal([2, 3, linear.inFeatures], 0, 1);
        const dh = random.normal([2, 3, linear.outFeatures], 0, 1);
        const passes = [same, linear].flatMap((one) => {
          const { value, grad } = tf.valueAndGrad((v) => one.forward(v))(x, dh);
          return [value, grad];
        });
        const [h, dx, wantH, wantDx] = await readAll(passes);
        assertClose(h ?? [], wantH ?? [], tolerance(), `${layer}: h`);
        assertClose(dx ?? [], wantDx ?? [], tolerance(), `${layer}: dL/dx`);
        tf.dispose([x, dh]);
      }
      for (const one of [packed, wide]) one.dispose();
    });

    test('takes adapters, trains them and merges them as the widened one', async () => {
      const start = memory();
      const { packed, wide } = await load(name);
      const [got, want] = await Promise.all([packed, wide].map(adapt));
      for (const [i, values] of (want ?? []).entries()) {
        assertClose(got?.[i] ?? [], values, tolerance(), `gradient ${i}`);
      }
      const logits = await logitsOf(wide);
      assertClose(await logitsOf(packed), logits, tolerance());
      await mergeLora(packed);
      assert.equal(modulesOf(packed, Linear).size, count + others);
      assertClose(await logitsOf(packed), logits, tolerance());
      for (const one of [packed, wide]) one.dispose();
      assert.deepEqual(memory(), start);
    });
  });
}

/** Puts adapters with B ≠ 0 on all layers. @returns the gradients of all A and B */
async function adapt(model: LanguageModel): Promise<Float32Array[]> {
  injectLora(model, { targetModules: 'all-linear', r: 2, alpha: 6, seed: 3 });
  for (const [i, { lora }] of [...loraLayersOf(model).values()].entries()) {
    tf.tidy(() => lora.B.assign(new Random(i).normal(lora.B.shape, 0, 0.1)));
  }
  const loss = () => model.forward(model.idsTensor(IDS)).square().mean().asScalar();
  const { value, grads } = tf.variableGrads(loss);
  value.dispose();
  const trainable = [...model.namedParameters().values()].filter((one) => one.trainable);
  return readAll(trainable.map((one) => grads[one.name] as tf.Tensor));
}

test('a packed model loads without more memory than it keeps', async () => {
  const file = path.join(FIXTURES, 'gguf_models', 'quantized.gguf');
  const load = () => loadModel(file, { linear: packedLinear });
  const { result: model, peakBytes: peak } = await peakBytes(load);
  const { bytes } = memoryReport(model);
  assert.ok(peak <= bytes, `${peak} of ${bytes} bytes`);
  model.dispose();
});

test('a packed model is not saved: its weights are not in float32', async () => {
  const { packed, wide } = await load('quantized');
  await assert.rejects(saveModel(packed, tmpdir()), {
    name: 'ArgumentError',
    message: /q_proj\.weight must be a parameter/,
  });
  for (const one of [packed, wide]) one.dispose();
});
