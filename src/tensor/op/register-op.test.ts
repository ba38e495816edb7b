import assert from 'node:assert/strict';
import { afterEach, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useAccelerator } from '../runtime';
import { registerOp } from './register-op';

before(useAccelerator);

const named =
  (name: string): tf.KernelFunc =>
  () =>
    tf.tensor1d([name.length]);
const kernels = { plain: named('plain'), webgpu: named('webgpu') };

describe('registerOp', () => {
  const { LORA_KERNELS } = process.env;
  afterEach(() => {
    if (LORA_KERNELS === undefined) delete process.env.LORA_KERNELS;
    else process.env.LORA_KERNELS = LORA_KERNELS;
  });
  const on = (backend: string) => tf.getKernel('TestOp', backend)?.kernelFunc;

  test('gives WebGPU its own kernel and the other backends the plain one', () => {
    delete process.env.LORA_KERNELS;
    registerOp('TestOp', kernels);
    assert.equal(on('webgpu'), kernels.webgpu);
    for (const backend of ['tensorflow', 'wasm', 'cpu']) assert.equal(on(backend), kernels.plain);
  });

  test('gives all of them the plain one where there is no other', () => {
    registerOp('TestOp', { plain: kernels.plain });
    for (const backend of BACKENDS) assert.equal(on(backend), kernels.plain);
  });

  test('leaves the plain one alone under LORA_KERNELS=reference', () => {
    registerOp('TestOp', { ...kernels, native: named('native') });
    process.env.LORA_KERNELS = 'reference';
    registerOp('TestOp', { ...kernels, native: named('native') });
    for (const backend of BACKENDS) assert.equal(on(backend), kernels.plain);
  });
});

const BACKENDS = ['tensorflow', 'webgpu', 'wasm', 'cpu'];
