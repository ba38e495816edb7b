import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'step-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Options of the one step of `program`. */
interface Behaviour {
  make: string;
  needs?: string;
  without?: string;
  retry?: boolean;
}

/** A set-up of one step that makes `artifact/thing` and then adds a line to `made`. */
function program({ make, needs = '1', without, retry = false }: Behaviour): string {
  return `
    const fs = require('node:fs');
    const { runSteps } = require(${JSON.stringify(path.join(__dirname, 'run-steps.cjs'))});
    const { SetupError } = require(${JSON.stringify(path.join(__dirname, 'run-program.cjs'))});
    const thing = 'artifact/thing';
    fs.mkdirSync('artifact', { recursive: true });
    const part = {
      folder: 'artifact',
      files: ['thing'],
      needs: () => ({ version: '${needs}' }),
      make: async ({ run }) => { fs.appendFileSync('made', 'once\\n'); ${make} },
    };
    const step = { name: 'The thing', parts: [part], without: ${JSON.stringify(without)} };
    const names = ['The first', 'The thing', 'The last'];
    runSteps([step], { stateFolder: 'stateFolder', names, retry: ${retry} }).catch(
      (error) => { console.error(error.message + '|' + error.next); process.exitCode = 1; });`;
}

const GOOD = "fs.writeFileSync(thing, 'whole');";

function run(behaviour: Behaviour): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', program(behaviour)], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

function begin(behaviour: Behaviour): ChildProcess {
  return spawn(process.execPath, ['-e', program(behaviour)], { cwd: folder, stdio: 'ignore' });
}

const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
const timesMade = (): number => read('made').split('\n').length - 1;

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    assert.ok(waited < 10_000, 'waited 10 s in vain');
    await sleep(20);
  }
}

function killed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.on('exit', () => resolve()));
}

describe('a step', () => {
  test('touches nothing of another checkout, which a link leads to', () => {
    mkdirSync(path.join(folder, 'other'));
    writeFileSync(path.join(folder, 'other', 'thing'), 'theirs');
    symlinkSync('other', path.join(folder, 'artifact'));
    const { status, output } = run({ make: GOOD });
    assert.equal(status, 1);
    assert.match(output, /artifact must be a folder of this checkout, but is a link to other, /);
    assert.match(output, /\|Delete the link, then run the same command again\./);
    assert.equal(read('other/thing'), 'theirs');
    assert.ok(!existsSync(path.join(folder, 'made')));
  });

  test('is made once, with a progress line each time', () => {
    assert.match(run({ make: GOOD }).output, /^\[2\/3\] The thing \.\.\. \d+\.\d s\n$/);
    assert.equal(run({ make: GOOD }).output, '[2/3] The thing ... ready\n');
    assert.equal(timesMade(), 1);
  });

  test('is made again when its needs have changed', () => {
    run({ make: GOOD });
    run({ make: GOOD, needs: '2' });
    assert.equal(timesMade(), 2);
  });

  test('is made again when one of its files is missing, though the stamp exists', () => {
    run({ make: GOOD });
    rmSync(path.join(folder, 'artifact/thing'));
    assert.ok(existsSync(path.join(folder, 'artifact/.stamp')));
    run({ make: GOOD });
    assert.equal(read('artifact/thing'), 'whole');
  });

  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    test(`does not count as made after ${signal}, and the next run makes it`, async () => {
      run({ make: GOOD });
      const half =
        "fs.writeFileSync(thing, 'half'); await new Promise((r) => setTimeout(r, 60000));";
      const child = begin({ make: half, needs: '2' });
      await until(() => read('artifact/thing') === 'half');
      child.kill(signal);
      await killed(child);

      // though the needs are those of the last complete one again
      const { status, output } = run({ make: GOOD });
      assert.equal(status, 0, output);
      assert.equal(read('artifact/thing'), 'whole');
      assert.equal(timesMade(), 3);
    });
  }

  test('names step, cause, log and what to do if it fails, and exits with 1', () => {
    const script = "console.log('first'); console.log('error: no such lemma'); process.exit(3)";
    const make = `await run(process.execPath, ['-e', ${JSON.stringify(script)}],
      { cwd: '.', next: 'Look it up.' });`;
    const { status, output } = run({ make });
    assert.equal(status, 1);
    assert.match(output, /Step \[2\/3\] The thing failed: node -e .* ended with exit code 3/);
    assert.match(output, /^ {4}error: no such lemma$/m);
    assert.match(output, /Log: stateFolder\/the-thing\.log\|Look it up\./);
    assert.match(read('stateFolder/the-thing.log'), /^first$/m);
    assert.equal(run({ make: GOOD }).status, 0);
  });

  test('warns if it fails and the lesson can run without it; is retried only when asked', () => {
    const make = "throw new SetupError('No compiler.', 'Install one.');";
    const first = run({ make, without: 'Slower.' });
    assert.equal(first.status, 0);
    assert.match(first.output, /Warning: No compiler\.\n {2}Slower\. Install one\./);

    const second = run({ make, without: 'Slower.' });
    assert.match(
      second.output,
      /not installed; run `npm run setup` to retry[^]*Warning: No compiler\./,
    );
    assert.equal(timesMade(), 1);

    run({ make, without: 'Slower.', needs: '2' });
    assert.equal(timesMade(), 2, 'new needs are a new chance');
    run({ make: GOOD, without: 'Slower.', retry: true, needs: '2' });
    assert.equal(read('artifact/thing'), 'whole');
  });
});

describe('two set-ups', () => {
  const slow = `await new Promise((r) => setTimeout(r, 400)); ${GOOD}`;

  test('at the same time make an artifact once', async () => {
    const children = [1, 2, 3].map(() => begin({ make: slow }));
    await Promise.all(children.map(killed));
    assert.equal(timesMade(), 1);
    assert.ok(!existsSync(path.join(folder, 'stateFolder/setup.lock')));
  });

  test('do not wait for a lock whose owner is dead', () => {
    run({ make: GOOD });
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(path.join(folder, 'stateFolder/setup.lock'), String(pid));
    assert.equal(run({ make: GOOD }).output, '[2/3] The thing ... ready\n');
  });

  test('wait for the program that a killed owner left behind', async () => {
    const tool = "setTimeout(() => require('fs').writeFileSync('artifact/thing', 'late'), 1500)";
    const child = begin({
      make: `await run(process.execPath, ['-e', ${JSON.stringify(tool)}],
      { cwd: '.', next: '' });`,
    });
    await until(() => existsSync(path.join(folder, 'made')));
    await until(() => read('stateFolder/setup.lock').includes(' '));
    child.kill('SIGKILL');
    await killed(child);

    const { output } = run({ make: GOOD });
    assert.match(output, /^Waiting for another set-up \(process \d+\)/);
    assert.equal(read('artifact/thing'), 'whole', 'the late program did not write over it');
  });
});
