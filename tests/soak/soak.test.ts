import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/files/local';

test('a tenth of the soak leaves no tensor, no handle, no memory and no half-written file behind', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(projectRoot, 'src/cli/bootstrap.cjs'), 'soak', '--quick'],
    { encoding: 'utf8' },
  );
  process.stdout.write(stdout);
  assert.equal(status, 0, stderr);
});
