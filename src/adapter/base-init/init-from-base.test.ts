import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { FIXTURES, decodeFloat32, type EncodedArray } from '../../../tests/fixture';
import { Net } from '../../../tests/peft-cases';
import type { LoRALinear } from '../../lora';
import { dora, injectLora, type LoRALayer, mergeLora, removeLora, rsLora } from '../../lora';
import { ArgumentError } from '../../tensor/errors';
import type { Linear } from '../../tensor/nn';
import { memory, read, useAccelerator } from '../../tensor/runtime';
import { loadAdapter, savePretrained } from '../peft';
import { olora, pissa, initFromBase, convertToLora } from './init-from-base';

const TOLERANCE = 1e-5;

/** One case of `fixtures/peft_starts.py`. */
interface StartCase {
  init: 'pissa' | 'olora';
  settings: { target_modules: string[]; r: number; lora_alpha: number; use_rslora?: boolean };
  start: Record<string, EncodedArray>;
  moved: Record<string, EncodedArray>;
  x: EncodedArray;
  y: EncodedArray;
  gradients: Record<string, EncodedArray>;
  merged: Record<string, EncodedArray>;
}

const file = path.join(FIXTURES, 'peft_starts.json');
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: StartCase[] };

const folder = mkdtempSync(path.join(tmpdir(), 'start-from-base-'));
after(() => rmSync(folder, { recursive: true }));
before(useAccelerator);

const toTensor = (encoded: EncodedArray) => tf.tensor(decodeFloat32(encoded), encoded.shape);

async function started({ init, settings }: StartCase) {
  const model = new Net();
  const { target_modules: targetModules, r, lora_alpha: alpha, use_rslora } = settings;
  const names = injectLora(model, {
    targetModules,
    r,
    alpha,
    ...(use_rslora ? { scaling: rsLora } : {}),
  });
  await initFromBase(model, init === 'pissa' ? pissa : olora);
  return { model, names };
}

function loraOf(model: Net, name: string): LoRALayer {
  return (model.namedModules().get(name) as LoRALinear).lora;
}

/** Sets the A and B of PEFT's, moved off the start. */
function move(model: Net, names: string[], { moved }: StartCase) {
  for (const name of names) {
    const lora = loraOf(model, name);
    tf.tidy(() => {
      for (const matrix of ['A', 'B'] as const) {
        const value = toTensor(moved[`${name}.lora_${matrix}.weight`] as EncodedArray);
        lora[matrix].assign(value as tf.Tensor2D);
      }
    });
  }
}

async function assertOutput(model: Net, one: StartCase, what: string) {
  const y = tf.tidy(() => model.forward(toTensor(one.x)));
  assertClose(await read(y), decodeFloat32(one.y), TOLERANCE, what);
  y.dispose();
}

async function assertGradients(model: Net, names: string[], { x, gradients }: StartCase) {
  const loss = () => model.forward(toTensor(x)).square().mean().asScalar();
  const { grads } = tf.variableGrads(loss);
  assert.equal(Object.values(grads).length, 2 * names.length); // A0 and B0 have none
  for (const name of names) {
    for (const matrix of ['A', 'B'] as const) {
      const want = gradients[`${name}.lora_${matrix}.weight`] as EncodedArray;
      const got = grads[loraOf(model, name)[matrix].name] as tf.Tensor;
      assertClose(await read(got), decodeFloat32(want), TOLERANCE, `${name} ${matrix}`);
    }
  }
}

for (const one of cases) {
  const { target_modules: targets, r } = one.settings;
  describe(`${one.init} of PEFT's: ${targets.join(', ')}, r ${r}`, () => {
    test("A0 and B0 are PEFT's, each pair up to its sign", async () => {
      const { model, names } = await started(one);
      for (const name of names) {
        const { A, B } = loraOf(model, name);
        const [A0, B0] = ['A', 'B'].map((matrix) =>
          toTensor(one.start[`${name}.lora_${matrix}.weight`] as EncodedArray),
        ) as [tf.Tensor2D, tf.Tensor2D];
        const product = await read(tf.matMul(B, A));
        assertClose(product, await read(tf.matMul(B0, A0)), TOLERANCE, `B A of ${name}`);
        assertClose(await read(A.abs()), await read(A0.abs()), TOLERANCE, `A of ${name}`);
        assertClose(await read(B.abs()), await read(B0.abs()), TOLERANCE, `B of ${name}`);
      }
    });

    test('the model computes what its base computes, and removal gives the base back unchanged', async () => {
      const base = new Net();
      const want = await read(base.forward(toTensor(one.x)));
      const { model } = await started(one);
      assertClose(await read(model.forward(toTensor(one.x))), want, TOLERANCE);
      removeLora(model);
      assert.deepEqual(await read(model.forward(toTensor(one.x))), want);
    });

    test('outputs, gradients and merged weights after training', async () => {
      const { model, names } = await started(one);
      move(model, names, one);
      await assertOutput(model, one, 'output');
      await assertGradients(model, names, one);
      await mergeLora(model);
      await assertOutput(model, one, 'output, merged');
      for (const name of names) {
        const { weight } = model.namedModules().get(name) as Linear;
        const want = decodeFloat32(one.merged[name] as EncodedArray);
        assertClose(await read(weight), want, TOLERANCE, name);
      }
    });
  });
}

describe('convertToLora', () => {
  const [one] = cases as [StartCase];

  for (const some of cases) {
    test(`${some.init}, r ${some.settings.r}: gives an adapter that can be saved`, async () => {
      const { model, names } = await started(some);
      move(model, names, some);
      const { scaling, alpha } = loraOf(model, names[0] as string);
      await assert.rejects(savePretrained(model, folder), /convertToLora/);

      convertToLora(model);
      const plain = loraOf(model, names[0] as string);
      assert.equal(plain.r, 2 * some.settings.r);
      assert.ok(Math.abs(plain.scaling - scaling) < 1e-12);
      const factor = some.settings.use_rslora ? Math.SQRT2 : 2;
      assert.ok(Math.abs(plain.alpha - factor * alpha) < 1e-12);
      await assertOutput(model, some, 'converted');

      await savePretrained(model, folder);
      const again = new Net();
      await loadAdapter(again, folder);
      await assertOutput(again, some, 'saved and loaded');
    });
  }

  test('refuses DoRA, ranks beyond a weight and scales of 0, before any layer is changed', async () => {
    for (const [more, pattern] of [
      [{ variant: dora }, /must be LoRA, got a variant/],
      [{ r: (name: string) => (name.includes('.3.') ? 12 : 2) }, /r must be at most min.*, got 12/],
      [{ alpha: (name: string) => (name.includes('.3.') ? 0 : 2) }, /scale must be .*, got 0/],
    ] as const) {
      const model = new Net();
      injectLora(model, { targetModules: ['up'], r: 2, alpha: 5, ...more });
      const start = memory();
      for (const init of [olora, pissa]) {
        await assert.rejects(initFromBase(model, init), (error: Error) => {
          assert.ok(error instanceof ArgumentError);
          assert.match(error.message, pattern);
          return true;
        });
      }
      assert.deepEqual(memory(), start);
    }
  });

  test('initFromBase names a model without an adapter, and a start that is no function', async () => {
    await assert.rejects(initFromBase(new Net(), pissa), {
      name: 'ArgumentError',
      message: 'initFromBase: model must have an adapter, got none. Call injectLora first.',
    });
    const { model } = await started(one);
    for (const [given, got] of [
      ['pissa', /got "pissa"\.$/],
      [undefined, /such as pissa or olora, got nothing\.$/],
    ] as const) {
      await assert.rejects(initFromBase(model, given as never), {
        name: 'ArgumentError',
        message: got,
      });
    }
  });

  test('pissa and olora as init of injectLora say where they belong', () => {
    for (const [name, init] of Object.entries({ pissa, olora })) {
      const options = { targetModules: ['up'], r: 2, alpha: 5, init: init as never };
      assert.throws(() => injectLora(new Net(), options), {
        name: 'ArgumentError',
        message: `${name}: W0 must be a weight, got Array. Call initFromBase(model, ${name}) after injectLora.`,
      });
    }
  });

  test('leaks nothing, nor does initFromBase', async () => {
    const before = memory();
    const { model } = await started(one);
    await assert.rejects(initFromBase(model, olora), ArgumentError);
    convertToLora(model);
    convertToLora(model);
    model.dispose();
    assert.deepEqual(memory(), before);
  });
});
