import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(__dirname, '../../..');

test('PEFT loads every adapter that is made here, and computes the same', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'src/cli/bootstrap.cjs'), 'interop'],
    { encoding: 'utf8' },
  );
  process.stdout.write(stdout);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^(\d\d) of \1 adapters load in PEFT and compute the same$/m);
});
