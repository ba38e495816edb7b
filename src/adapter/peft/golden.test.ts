import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { decodeFloat32 } from '../../../tests/fixture';
import { tolerance } from '../../../tests/llama-cases';
import { baseOf, outputOf, type PeftCase, peftCases, writeCase } from '../../../tests/peft-cases';
import { someOf } from '../../../tests/some-of';
import { readSafetensors } from '../../files/safetensors';
import type { LoRALinear } from '../../lora';
import { Dora, mergeLora, removeLora } from '../../lora';
import type { Linear } from '../../tensor/nn';
import { memory, read, useAccelerator } from '../../tensor/runtime';
import { mergeEmbeddings, removeEmbeddings } from '../embedding';
import { loadAdapter } from './load-adapter';
import { savePretrained } from './save-pretrained';

const TOLERANCE = 1e-5;

/** Gradients through Llama's norms grow rounding; a GPU rounds as it likes. */
function tolerances({ kind }: PeftCase): { output: number; gradient: number } {
  if (kind === 'net' || kind === 'gpt2') return { output: TOLERANCE, gradient: TOLERANCE };
  return { output: tolerance(), gradient: tolerance(5e-5) };
}

const folder = mkdtempSync(path.join(tmpdir(), 'peft-golden-'));
after(() => rmSync(folder, { recursive: true }));
before(useAccelerator);

async function readAndFree(tensor: tf.Tensor): Promise<Float32Array> {
  const values = await read(tensor);
  tensor.dispose();
  return values;
}

async function tensorsOf(at: string): Promise<Map<string, Float32Array>> {
  const reader = await readSafetensors(path.join(at, 'adapter_model.safetensors'));
  assert.deepEqual(reader.metadata, { format: 'pt' });
  const all = new Map<string, Float32Array>();
  for (const name of reader.tensors.keys()) all.set(name, await reader.read(name));
  await reader.close();
  return new Map([...all].sort());
}

function configOf(at: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path.join(at, 'adapter_config.json'), 'utf8')) as Record<
    string,
    unknown
  >;
}

async function assertGradients(model: Awaited<ReturnType<typeof baseOf>>, one: PeftCase) {
  const { grads, value } = tf.variableGrads(() => outputOf(model, one).square().mean().asScalar());
  value.dispose();
  const modules = model.namedModules();
  const variableOf = (name: string): tf.Variable => {
    const [layer = '', matrix] = name.replace('.weight', '').split('.lora_');
    if (!matrix) {
      return model.namedParameters().get(name.replace('.base_layer', '.base')) as tf.Variable;
    }
    const { lora, variant } = modules.get(layer) as LoRALinear;
    const m = variant instanceof Dora ? variant.magnitude : null;
    const { A, B } = lora;
    const all = { A, B, magnitude_vector: m, embedding_A: A, embedding_B: B };
    return all[matrix as keyof typeof all] as tf.Variable;
  };
  for (const [name, want] of Object.entries(one.gradients ?? {})) {
    const gradient = grads[variableOf(name).name] as tf.Tensor;
    assertClose(await read(gradient), decodeFloat32(want), tolerances(one).gradient, name);
  }
  tf.dispose(grads);
}

describe("adapters of PEFT's", () => {
  for (const one of someOf(peftCases, 5)) {
    test(`${one.kind}: ${one.name}`, async () => {
      const { output } = tolerances(one);
      const at = path.join(folder, 'theirs');
      const again = path.join(folder, 'ours');
      await writeCase(one, at);
      const model = await baseOf(one.kind);
      const base = await readAndFree(outputOf(model, one));
      const start = memory();

      const { names, config, unknownKeys, restoreBase } = await loadAdapter(model, at);
      assert.deepEqual(unknownKeys, []);
      const y = await readAndFree(outputOf(model, one));
      assertClose(y, decodeFloat32(one.y), output, 'output');
      assert.throws(() => assertClose(y, base, 3e-3), /max difference/);
      if (one.gradients) await assertGradients(model, one);

      await savePretrained(model, again, { config });
      assert.deepEqual(await tensorsOf(again), await tensorsOf(at));
      assert.deepEqual(configOf(again), configOf(at));
      // From the model alone, the config says the same in its own words.
      await savePretrained(model, again);
      removeLora(model);
      removeEmbeddings(model);
      restoreBase();
      assert.deepEqual(await readAndFree(outputOf(model, one)), base);
      assert.deepEqual(memory(), start);
      assert.deepEqual((await loadAdapter(model, again)).names, names);
      assert.deepEqual(await readAndFree(outputOf(model, one)), y);

      const tied = names.find((name) => model.tiedModules.includes(name));
      if (tied !== undefined) {
        await assert.rejects(mergeEmbeddings(model), new RegExp(`uses ${tied} in a second place`));
        model.dispose();
        return;
      }
      const merged = [...(await mergeLora(model)), ...(await mergeEmbeddings(model))];
      assert.deepEqual(merged, names);
      assertClose(await readAndFree(outputOf(model, one)), decodeFloat32(one.y), output);
      for (const [name, want] of Object.entries(one.merged)) {
        const { weight } = model.namedModules().get(name) as Linear;
        assertClose(await read(weight), decodeFloat32(want), TOLERANCE, name);
      }
      if (one.kind === 'net') assert.deepEqual(Object.keys(one.merged).sort(), [...names].sort());
      model.dispose();
    });
  }
});
