import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { runNotebooks } from '../../src/cli';
import { projectRoot } from '../../src/files/local';
import { kernelSpec } from '../../src/jupyter';
import { codeCells } from '../notebook';

const folder = mkdtempSync(path.join(tmpdir(), 'newest-node-'));
after(() => rmSync(folder, { recursive: true }));

/** Makes the kernel of this process's Node the one that JUPYTER_PATH leads to. */
function installKernel(): void {
  const spec = path.join(folder, 'kernels', 'tslab');
  const launcher = path.join(projectRoot, 'dist/src/jupyter/launcher.js');
  mkdirSync(spec, { recursive: true });
  const content = kernelSpec({ node: process.execPath, launcher });
  writeFileSync(path.join(spec, 'kernel.json'), JSON.stringify(content));
}

describe(`Node ${process.version}`, () => {
  test('is the newest that the README names', () => {
    const readme = readFileSync(path.join(projectRoot, 'README.md'), 'utf8');
    const [, newest] = /Node [\d.]+ to (\d+)/.exec(readme) ?? [];
    assert.equal(process.versions.node.split('.')[0], newest);
  });

  test('runs the lesson on native TensorFlow, with every check strict', () => {
    installKernel();
    const lesson = path.join(projectRoot, 'notebooks/solutions/05_lora_peft.ipynb');
    const env = { JUPYTER_PATH: folder, LORA_BACKEND: 'cpu-native', LESSON_STRICT: '1' };
    assert.equal(runNotebooks(['--save', folder, lesson], env), 0);
    const cells = codeCells(path.join(folder, '05_lora_peft.ipynb'));
    assert.match(JSON.stringify(cells), /Accelerator: cpu-native,/);
  });
});
