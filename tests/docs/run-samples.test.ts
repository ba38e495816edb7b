import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BASE } from '../../src/course';
import { installPackage, runModule } from '../installed-package';
import { sampleOf } from './pages';
import { runScript } from './run-script';

describe('as they stand in the docs', () => {
  let folder = '';
  before(() => {
    folder = installPackage();
  });
  after(() => rmSync(folder, { recursive: true }));

  test('the whole script trains, measures, saves, and continues from its checkpoint', () => {
    const output = runScript(folder);
    assert.match(output, /^trainable params: 33,280 \|\|/);
    assert.deepEqual(output.match(/^step \d+/gm), ['step 20', 'step 40', 'step 60']);
    const [, change = '', half = ''] = /^each row: (-?[\d.]+) ± ([\d.]+)$/m.exec(output) ?? [];
    assert.ok(Number(change) + Number(half) < 0, output);
    assert.ok(existsSync(path.join(folder, 'my-adapter/adapter_model.safetensors')));
    const again = runScript(folder);
    assert.doesNotMatch(again, /^step/m);
    assert.equal(again.match(/^each row.*$/m)?.[0], output.match(/^each row.*$/m)?.[0]);
  });

  test('the sample of the README trains and saves', () => {
    const code = sampleOf('README.md', 'import { savePretrained }')
      .replaceAll(/'\.\.\/src\/(\w+)'/g, "'lora-notebooks/$1'")
      .replaceAll("'distilgpt2'", JSON.stringify(BASE));
    const steps = runModule(folder, code).trim().split('\n');
    assert.equal(steps.length, 20);
    const losses = steps.map((line) => Number(line.split(' ')[1]));
    assert.ok((losses.at(-1) ?? NaN) < (losses[0] ?? NaN), steps.join('\n'));
  });
});
