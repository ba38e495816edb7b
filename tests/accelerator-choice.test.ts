import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, test } from 'node:test';
import { FIXTURES } from './fixture';

const PROLOGUE = `
const tf = require('@tensorflow/tfjs');
const { Linear, useAccelerator } = require(${source('tensor')});
const { loadModel } = require(${source('model')});
const { sparseCrossEntropy } = require(${source('train')});
const size = { inFeatures: 2, outFeatures: 3 };
const load = () => loadModel(${JSON.stringify(path.join(FIXTURES, 'gpt2_tiny'))});
const report = (run) => {
  try {
    run();
    console.log(tf.getBackend());
  } catch (error) {
    console.log(error.name + ': ' + error.message);
  }
};
`;

function source(wing: string): string {
  return JSON.stringify(path.join(__dirname, '../src', wing));
}

/** Runs a script in a process of its own, since a backend is chosen once. @returns its last line */
function lastLine(script: string): string {
  const code = `${PROLOGUE}(async () => {${script}})();`;
  const output = execFileSync(process.execPath, ['-e', code], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, LORA_BACKEND: 'wasm' },
  });
  return output.trim().split('\n').at(-1) ?? '';
}

describe('without an accelerator', () => {
  for (const [what, script] of [
    ['a layer', 'report(() => new Linear(size));'],
    ['a layer, after tensors of tfjs', 'tf.ones([2]).square(); report(() => new Linear(size));'],
    ['a layer, after tf.ready()', 'await tf.ready(); report(() => new Linear(size));'],
    ['a layer, if nothing is awaited', 'useAccelerator(); report(() => new Linear(size));'],
    ['an op', 'report(() => sparseCrossEntropy(tf.ones([1, 2]), [0]));'],
  ] as const) {
    test(`${what} is refused with the line to add`, () => {
      assert.match(
        lastLine(script),
        /^AcceleratorError: (Linear|CrossEntropyRows|SparseCrossEntropy): an accelerator must be started .* Add a line before this: await useAccelerator\(\);/,
      );
    });
  }

  test('loadModel starts the one that LORA_BACKEND names', () => {
    assert.equal(lastLine('await load(); report(() => new Linear(size));'), 'wasm');
    assert.equal(lastLine('tf.ones([2]); await load(); report(() => {});'), 'wasm');
  });

  test('a backend that was chosen through tfjs stays', () => {
    for (const choice of [
      "await tf.setBackend('cpu');",
      "tf.ones([2]); await tf.setBackend('cpu');",
    ]) {
      assert.equal(lastLine(`${choice} await load(); report(() => new Linear(size));`), 'cpu');
    }
  });
});
