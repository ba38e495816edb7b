import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { replaceFiles } from './replace-files';

const NAMES = ['weights', 'config'];
const STEPS = ['link', 'lstat', 'mkdir', 'mkdtemp', 'readdir', 'rename', 'rm', 'symlink'] as const;

let root = '';
before(async () => {
  root = await fs.mkdtemp(path.join(tmpdir(), 'peft-replace-'));
});
after(() => fs.rm(root, { recursive: true }));

function save(folder: string, version: string): Promise<void> {
  return replaceFiles(folder, NAMES, async (staging) => {
    for (const name of NAMES) await fs.writeFile(path.join(staging, name), version);
  });
}

/** Reads the files, one after the other. */
async function found(folder: string): Promise<string[]> {
  return Promise.all(
    NAMES.map((name) => fs.readFile(path.join(folder, name), 'utf8').catch(() => 'nothing')),
  );
}

/** Runs until the n-th step on the disk; no later one is done, as if the process had ended. */
async function runUntil(step: number, run: () => Promise<void>): Promise<boolean> {
  let steps = 0;
  const mocks = STEPS.map((name) => {
    const real = fs[name] as (...args: unknown[]) => Promise<unknown>;
    const mocked = (...args: unknown[]) =>
      steps++ < step ? real(...args) : Promise.reject(new Error('killed'));
    return mock.method(fs, name, mocked as never);
  });
  try {
    await run();
    return true;
  } catch (error) {
    assert.equal((error as Error).message, 'killed');
    return false;
  } finally {
    for (const one of mocks) one.mock.restore();
  }
}

describe('replaceFiles, ended before any of its steps', () => {
  for (const before of [
    ['old', 'old'],
    ['nothing', 'nothing'],
    ['nothing', 'old'],
  ]) {
    test(`over ${before.join(' and ')}: all old, or all new, and the next run cleans up`, async () => {
      const seen = new Set<string>();
      let done = false;
      for (let step = 0; !done; step++) {
        const folder = await fs.mkdtemp(path.join(root, 'step-'));
        for (const [i, name] of NAMES.entries()) {
          if (before[i] === 'old') await fs.writeFile(path.join(folder, name), 'old');
        }
        done = await runUntil(step, () => save(folder, 'new'));
        const now = (await found(folder)).join();
        // Without a config, the last file, there is no adapter yet.
        const counts = now.endsWith('nothing') ? 'nothing,nothing' : now;
        assert.ok([before.join(), 'new,new'].includes(counts), `after ${step} steps: ${now}`);
        seen.add(counts);
        if (done) assert.equal(now, 'new,new');
        await save(folder, 'newer');
        assert.deepEqual(await found(folder), ['newer', 'newer']);
        const entries = await fs.readdir(folder, { withFileTypes: true });
        assert.deepEqual(entries.map(({ name }) => name).sort(), [...NAMES].sort());
        assert.ok(entries.every((entry) => entry.isFile()));
      }
      assert.deepEqual([...seen].sort(), [before.join(), 'new,new'].sort());
    });
  }
});

/** Saves 'a' and 'b' in turn, without end. */
const SAVER = `
  const { replaceFiles } = require(${JSON.stringify(path.join(__dirname, 'replace-files'))});
  const fs = require('node:fs');
  const write = (text) => async (folder) => {
    for (const name of ['weights', 'config']) fs.writeFileSync(folder + '/' + name, text);
  };
  (async () => {
    for (;;) for (const text of ['a', 'b']) {
      await replaceFiles(process.argv[1], ['weights', 'config'], write(text));
      process.stdout.write('.');
    }
  })();
`;

test('replaceFiles, killed at any moment, leaves files of one version', async () => {
  const folder = await fs.mkdtemp(path.join(root, 'killed-'));
  let interrupted = 0;
  for (let run = 0; run < Number(process.env.KILLS ?? 10); run++) {
    const child = spawn(process.execPath, ['-e', SAVER, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await setTimeout(Math.random() * 20);
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
    assert.match((await found(folder)).join(), /^(a,a|b,b)$/);
    if ((await fs.readdir(folder)).length > NAMES.length) interrupted++;
  }
  assert.ok(interrupted > 0, 'no kill hit a save');
});

describe('replaceFiles', () => {
  test('leaves the old files if it fails to write', async () => {
    const folder = await fs.mkdtemp(path.join(root, 'full-'));
    await save(folder, 'old');
    const full = new Error('no space left');
    await assert.rejects(
      replaceFiles(folder, NAMES, () => Promise.reject(full)),
      full,
    );
    assert.deepEqual(await found(folder), ['old', 'old']);
    assert.deepEqual((await fs.readdir(folder)).sort(), [...NAMES].sort());
  });

  test('completes a removal of its old files that was cut short', async () => {
    for (const left of [['old', 'current'], ['new', 'current'], ['current'], ['old'], []]) {
      const folder = await fs.mkdtemp(path.join(root, 'removing-'));
      await save(folder, 'old');
      const staging = path.join(folder, '.saving-x');
      await fs.mkdir(staging);
      for (const name of left.filter((one) => one !== 'current')) {
        await fs.mkdir(path.join(staging, name));
      }
      if (left.includes('current')) await fs.symlink('new', path.join(staging, 'current'));
      await save(folder, 'new');
      assert.deepEqual(await found(folder), ['new', 'new']);
      assert.deepEqual((await fs.readdir(folder)).sort(), [...NAMES].sort());
    }
  });

  test('follows no link out of the folder, whatever a killed process seems to have left', async () => {
    const folder = await fs.mkdtemp(path.join(root, 'hostile-'));
    const outside = await fs.mkdtemp(path.join(root, 'outside-'));
    await fs.writeFile(path.join(outside, 'config'), 'secret');
    for (const [i, [link, target]] of [
      ['current', outside],
      ['current', `../../${path.basename(outside)}`],
      ['old', outside],
    ].entries()) {
      const staging = path.join(folder, `.saving-${i}`);
      await fs.mkdir(staging);
      await fs.symlink(target as string, path.join(staging, link as string));
      if (link === 'old') await fs.symlink('old', path.join(staging, 'current'));
    }
    await fs.symlink(outside, path.join(folder, '.saving-link'));
    await assert.doesNotReject(save(folder, 'new'));
    assert.deepEqual(await found(folder), ['new', 'new']);
    assert.deepEqual(await fs.readdir(outside), ['config']);
    assert.equal(await fs.readFile(path.join(outside, 'config'), 'utf8'), 'secret');
    assert.deepEqual((await fs.readdir(folder)).sort(), ['.saving-link', ...NAMES].sort());
  });
});
