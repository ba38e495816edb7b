import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { jupyterPath, PYTHON, ROOT } from './session';

interface Saved {
  cells: { execution_count: number | null; outputs: { text?: string; ename?: string }[] }[];
}

describe('npm run lesson -- --save', () => {
  const parent = fs.mkdtempSync(path.join(os.tmpdir(), 'run-notebook-'));
  const env = { ...process.env, JUPYTER_PATH: jupyterPath(ROOT, 'tslab') };
  const runner = path.join(ROOT, 'src', 'cli', 'run_notebook.py');
  const folder = path.join(parent, 'new', 'folder');

  /** Runs a notebook of these cells, which have outputs of an earlier run. */
  function run(sources: string[], save = folder) {
    const cells = sources.map((source, i) => ({
      ...{ cell_type: 'code', id: `cell-${i}`, metadata: {}, source: [source] },
      ...{ execution_count: 9, outputs: [{ output_type: 'stream', name: 'stdout', text: 'old' }] },
    }));
    const text = JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
    const notebook = path.join(parent, 'lesson.ipynb');
    fs.writeFileSync(notebook, text);
    const { status, stderr } = spawnSync(PYTHON, [runner, notebook, '--save', save], { env });
    assert.equal(fs.readFileSync(notebook, 'utf8'), text, 'the notebook itself stays as it is');
    return { status, errors: String(stderr) };
  }

  function saved() {
    assert.deepEqual(fs.readdirSync(folder), ['lesson.ipynb']);
    const text = fs.readFileSync(path.join(folder, 'lesson.ipynb'), 'utf8');
    return (JSON.parse(text) as Saved).cells.map(({ execution_count, outputs }) => [
      execution_count,
      ...outputs.map(({ text, ename }) => ename ?? text),
    ]);
  }

  test('writes the notebook with its outputs', () => {
    assert.equal(run([`console.log('one')`, '1 + 1']).status, 0);
    assert.deepEqual(saved(), [
      [1, ['one\n']],
      [2, ['2\n']],
    ]);
  });

  test('writes what there is when a cell fails', () => {
    const { status, errors } = run([`console.log('one')`, `throw new Error('no')`, '1 + 1']);
    assert.equal(status, 1);
    assert.match(errors, /lesson\.ipynb: [^]*Error: no/);
    assert.deepEqual(saved(), [[1, ['one\n']], [2, 'Error'], [null]]);
  });

  test('refuses the folder of the notebook itself', () => {
    const { status, errors } = run([`1 + 1`], parent);
    assert.equal(status, 2);
    assert.match(errors, /--save must be another folder than the notebook's, got /);
  });
});
