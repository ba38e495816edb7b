import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makePeftPython } from '../../src/cli/setup';
import { BASE } from '../../src/course';
import { sampleOf } from '../docs/pages';
import { PROMPT, runScript } from '../docs/run-script';
import { installPackage } from '../installed-package';

test('PEFT continues a prompt as the script of the docs does, with the adapter that it saved', async () => {
  const python = process.env.INTEROP_PYTHON ?? (await makePeftPython());
  const folder = installPackage();
  try {
    const output = runScript(folder);
    writeFileSync(path.join(folder, 'generate.py'), sampleOf('docs/script.md', '# generate.py\n'));
    const args = ['generate.py', BASE, 'my-adapter', PROMPT];
    const env = { ...process.env, HF_HUB_OFFLINE: '1' };
    const written = execFileSync(python, args, { cwd: folder, encoding: 'utf8', env });
    const [, solution = ''] = /^S:(.*)$/m.exec(output) ?? [];
    assert.match(solution, /so \d/);
    assert.ok(written.includes(solution), `${written} does not hold ${solution}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
