import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { HOME, SMOLLM2 } from '../../src/course/shipped';
import { smolLM2File } from './smollm2';

const root = path.join(__dirname, '../../..');
const folder = mkdtempSync(path.join(tmpdir(), 'lora-finetune-'));
after(() => rmSync(folder, { recursive: true }));

function run(command: string, args: string[], input = ''): string {
  const bootstrap = path.join(root, 'src/cli/bootstrap.cjs');
  const options = { input, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [bootstrap, command, ...args],
    options,
  );
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

test('npm run finetune adapts SmolLM2 to twenty rows, and npm run chat talks with the result', async () => {
  await smolLM2File();
  const data = path.join(folder, 'rows.jsonl');
  const rows = readFileSync(path.join(HOME, 'train.jsonl'), 'utf8').split('\n').slice(0, 20);
  writeFileSync(data, `${rows.join('\n')}\n`);
  const out = path.join(folder, 'adapter');
  const recipe = ['--epochs', '2', '--batch-size', '4', '--warmup-steps', '1'];
  const text = run('finetune', ['--model', SMOLLM2, '--data', data, '--out', out, ...recipe]);
  assert.match(text, /16 rows to learn from, 2 to choose by, 2 to judge by/);
  assert.match(text, /\[\[\{"name":.*\}<\|im_end\|>\]\]/);
  const lines = readFileSync(path.join(out, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  const losses = lines.map((line) => (JSON.parse(line) as { loss: number }).loss);
  assert.equal(losses.length, 8);
  const [first = NaN, last = NaN] = [losses[0], losses.at(-1)];
  assert.ok(last < first / 2, `${first} -> ${last}`);
  const said = run('chat', ['--adapter', out, '--max-new-tokens', '8'], 'Dim the attic.\n');
  assert.match(said, /^> \S.+$/m);
});
