import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { readSafetensors, type TensorToWrite, writeSafetensors } from '../../files/safetensors';
import { applyLoraToLinear, freezeBaseModel } from '../../lora';
import { Linear, type Module } from '../../tensor/nn';
import { memory, useAccelerator } from '../../tensor/runtime';
import {
  loadCheckpoint,
  saveCheckpoint,
  adamW,
  Optimizer,
  cosineDecay,
  warmUp,
  train,
  scaleByName,
} from '.';

const folder = mkdtempSync(join(tmpdir(), 'checkpoint-'));
const path = (name: string) => join(folder, name);

/** Creates a training of an adapter, always from the same start. */
function setUp(dropout = 0) {
  const base = new Linear({ inFeatures: 6, outFeatures: 5, seed: 3 });
  freezeBaseModel(base);
  const module = applyLoraToLinear(base, { r: 2, alpha: 4, seed: 4, dropout });
  return { module, optimizer: adamW({ learningRate: 0.05, weightDecay: 0.1 }) };
}

/** Trains from one step to another; the batch depends on the step number only. */
async function trainTo(
  steps: number,
  training: { module: Module; optimizer: Optimizer },
  stepsDone = 0,
): Promise<number[]> {
  function* batches() {
    for (let i = stepsDone; ; i++) yield i;
  }
  const loss = (i: number) =>
    training.module
      .forward(
        tf.tensor2d(
          Array.from({ length: 12 }, (_, j) => Math.sin(i + 1.7 * j)),
          [2, 6],
        ),
      )
      .sub(Math.cos(i))
      .square()
      .mean();
  const schedule = warmUp(3, cosineDecay(20));
  const losses: number[] = [];
  const options = { ...training, loss, batches: batches(), schedule, steps, stepsDone };
  for await (const { step, loss } of train({ ...options, maxGradientNorm: 0.5 })) {
    losses.push(loss);
    assert.equal(step, stepsDone + losses.length);
  }
  return losses;
}

async function bits({ module, optimizer }: { module: Module; optimizer: Optimizer }) {
  const tensors = new Map<string, tf.Tensor>(module.namedParameters());
  for (const [name, { step, slots }] of optimizer.state) {
    for (const [slot, tensor] of Object.entries(slots)) {
      tensors.set(`${slot} ${name} after ${step}`, tensor);
    }
  }
  const read = async (tensor: tf.Tensor) =>
    Buffer.from((await tensor.data()).buffer).toString('hex');
  const entries = [...tensors].map(async ([name, t]) => [name, await read(t)] as const);
  return new Map(await Promise.all(entries));
}

describe('checkpoints', () => {
  before(useAccelerator);
  after(() => rmSync(folder, { recursive: true }));

  test('let a training continue bit for bit', async () => {
    const [whole, first, second] = [setUp(), setUp(), setUp()];
    const losses = await trainTo(12, whole);
    await trainTo(5, first);
    await saveCheckpoint(path('a'), first, { step: 5, extra: { seed: 7, place: [1, 2] } });
    const count = memory();
    const { step, extra } = await loadCheckpoint(path('a'), second);
    assert.equal(step, 5);
    assert.deepEqual(extra, { seed: 7, place: [1, 2] });
    assert.equal(memory().tensors, count.tensors + 4);
    assert.deepEqual(await trainTo(12, second, step), losses.slice(5));
    assert.deepEqual(await bits(second), await bits(whole));
    assert.notDeepEqual(await bits(second), await bits(first));
  });

  test('let a training with dropout continue bit for bit, with weights that differ from those without', async () => {
    const [whole, first, second, without] = [setUp(0.3), setUp(0.3), setUp(0.3), setUp()];
    const losses = await trainTo(8, whole);
    await trainTo(3, first);
    await saveCheckpoint(path('dropout'), first, { step: 3 });
    await loadCheckpoint(path('dropout'), second);
    assert.deepEqual(await trainTo(8, second, 3), losses.slice(3));
    assert.deepEqual(await bits(second), await bits(whole));
    assert.notDeepEqual(await trainTo(8, without), losses);
  });

  test('replace all state of a running training when loaded, and leak nothing', async () => {
    const [saved, other] = [setUp(), setUp()];
    await trainTo(4, saved);
    await saveCheckpoint(path('b'), saved, { step: 4 });
    await trainTo(9, other);
    const count = memory();
    assert.deepEqual(await loadCheckpoint(path('b'), other), { step: 4, extra: null });
    assert.equal(memory().tensors, count.tensors);
    assert.deepEqual(await bits(other), await bits(saved));
  });

  test('hold the trainable parameters and no others', async () => {
    await saveCheckpoint(path('c'), setUp(), { step: 0 });
    for (const step of [-1, 1.5, NaN]) {
      await assert.rejects(saveCheckpoint(path('c'), setUp(), { step }), { name: 'ArgumentError' });
    }
    const reader = await readSafetensors(path('c'));
    assert.deepEqual([...reader.tensors.keys()].sort(), ['weight:lora.A', 'weight:lora.B']);
    await reader.close();
  });

  test('leave the old file and leak no tensor when saving fails', async () => {
    const training = setUp();
    await trainTo(2, training);
    const count = memory();
    mkdirSync(path('taken'));
    writeFileSync(path('taken/file'), '');
    await assert.rejects(saveCheckpoint(path('taken'), training, { step: 2 }), {
      name: 'SafetensorsError',
    });
    assert.ok(existsSync(path('taken/file')));
    assert.equal(readdirSync(folder).filter((name) => name.startsWith('taken')).length, 1);
    assert.equal(memory().tensors, count.tensors);
  });

  describe('are refused, and nothing changes, for', () => {
    /** Asserts that loading fails and changes nothing. */
    async function refuses(file: string, error: object, training = setUp()) {
      await trainTo(3, training);
      const [start, count] = [await bits(training), memory()];
      await assert.rejects(loadCheckpoint(path(file), training), error);
      assert.deepEqual(await bits(training), start);
      assert.deepEqual(memory(), count);
    }

    /** Changes a valid checkpoint. */
    async function forge(
      file: string,
      change: (tensors: Map<string, TensorToWrite>, metadata: Record<string, string>) => void,
    ) {
      const training = setUp();
      await trainTo(2, training);
      await saveCheckpoint(path(file), training, { step: 2 });
      const reader = await readSafetensors(path(file));
      const tensors = new Map<string, TensorToWrite>();
      for (const [name, { shape }] of reader.tensors) {
        tensors.set(name, { shape, values: await reader.read(name) });
      }
      await reader.close();
      const metadata = { ...reader.metadata };
      change(tensors, metadata);
      await writeSafetensors(path(file), tensors, metadata);
    }

    const a = { shape: [2, 6], values: new Float32Array(12) };

    for (const [what, change, error] of [
      [
        'another format',
        (_, metadata) => (metadata.format = 'pt'),
        { message: /format .*, got pt/ },
      ],
      ['a step that is no number', (_, metadata) => (metadata.step = 'x'), { message: /got NaN/ }],
      ['half an update', (_, m) => (m.updates = '{"lora.A":0.5}'), { message: /got 0.5/ }],
      ['broken JSON', (_, metadata) => (metadata.extra = '{'), { message: /extra must be JSON/ }],
      ['a missing weight', (t) => t.delete('weight:lora.A'), { message: /lora.A is missing/ }],
      ['an unknown weight', (t) => t.set('weight:no', a), { message: /weight:no is unknown/ }],
      ['a stray tensor', (t) => t.set('m', a), { message: /m is unknown/ }],
      [
        'a missing moment',
        (t) => t.delete('v:lora.B'),
        { message: /lora.B needs m .*, v .*got m/ },
      ],
      [
        'another shape',
        (t) => t.set('weight:lora.A', { ...a, shape: [3, 4] }),
        { name: 'ArgumentError', message: /lora.A must be \[2, 6\], got \[3, 4\]/ },
      ],
      [
        'NaN',
        (t) => t.set('m:lora.A', { ...a, values: a.values.map(() => NaN) }),
        { name: 'NonFiniteError', message: /every number of m:lora.A must be finite/ },
      ],
    ] as [string, Parameters<typeof forge>[1], object][]) {
      test(what, async () => {
        await forge(what, change);
        await refuses(what, error);
      });
    }

    test('a file that is not there', () => refuses('nowhere', { name: 'SafetensorsError' }));

    test("another optimiser's state", async () => {
      await forge('moments', () => undefined);
      const { module } = setUp();
      const plain = new Optimizer(
        0.1,
        scaleByName(() => 1),
      );
      await refuses('moments', { message: /needs nothing, got m/ }, { module, optimizer: plain });
    });
  });
});
