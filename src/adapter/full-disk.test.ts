/* Every writer of files and adapters, on a disk that is full or can only be read. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { promisify } from 'node:util';
import { FIXTURES } from '../../tests/fixture';
import { type HubPeer, startHub } from '../../tests/hub-peer';
import { peftCase, writeCase } from '../../tests/peft-cases';
import { hubFile } from '../files/hub';
import { FileError, writeFileAtomically } from '../files/local';
import { SafetensorsError, writeSafetensors } from '../files/safetensors';
import { LoraError } from '../tensor/errors';
import { useAccelerator } from '../tensor/runtime';
import { convertFromMlx, convertToMlx } from './mlx';
import { writeAdapter } from './peft';

const DOORS = path.join(__dirname, '../files');
const root = mkdtempSync(path.join(tmpdir(), 'full-disk-'));
const peft = path.join(root, 'peft');
const mlx = path.join(root, 'mlx');
const large = { shape: [100_000], values: new Float32Array(100_000) };
const outside = { ...process.env };
let peer: HubPeer;

before(async () => {
  await useAccelerator();
  await writeCase(peftCase('net', 'two entries'), peft);
  await convertToMlx(peft, mlx);
  peer = await startHub({ tiny: path.join(FIXTURES, 'gpt2_tiny') });
});
after(async () => {
  await peer.close();
  Object.assign(process.env, outside);
  rmSync(root, { recursive: true });
});

/** Each writer, writing more than 8 KiB into a folder. */
const WRITERS: Record<string, (folder: string) => Promise<unknown>> = {
  writeFileAtomically: (folder) => writeFileAtomically(path.join(folder, 'x'), ['a'.repeat(1e5)]),
  writeSafetensors: (folder) =>
    writeSafetensors(path.join(folder, 'x.safetensors'), new Map([['w', large]])),
  writeAdapter: (folder) =>
    writeAdapter('savePretrained', folder, { r: 1 } as never, new Map([['w', large]])),
  convertToMlx: (folder) => convertToMlx(peft, folder),
  convertFromMlx: (folder) => convertFromMlx(mlx, folder),
  hubFile: (folder) => {
    process.env.HF_HUB_CACHE = folder;
    const wanted = { caller: 'loadModel', repo: 'tiny', file: 'model.safetensors' };
    return hubFile(wanted, { hubUrl: peer.url });
  },
};

/** Every file below a folder, with its content. */
function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      return [path.relative(folder, file), readFileSync(file, 'latin1')];
    }),
  );
}

/** A folder that holds an older version of everything that the writers write. */
function folderWithOld(): string {
  const folder = mkdtempSync(path.join(root, 'old-'));
  const names = ['x', 'x.safetensors', 'README.md', 'adapter_config.json'];
  for (const name of [...names, 'adapter_model.safetensors', 'adapters.safetensors']) {
    writeFileSync(path.join(folder, name), `old ${name}`);
  }
  return folder;
}

describe('a folder that can only be read', () => {
  for (const code of ['EROFS', 'ENOSPC', 'EACCES']) {
    for (const [name, write] of Object.entries(WRITERS)) {
      test(`${code}, ${name}: a typed error that says so, and everything is as it was`, async () => {
        const folder = folderWithOld();
        const old = contents(folder);
        const refuse = (real: (...args: never[]) => unknown) =>
          function refused(this: unknown, ...args: unknown[]): unknown {
            const isThere = args.some((one) => String(one).startsWith(folder));
            const isRead = args[1] === 'r';
            if (!isThere || isRead) return real.apply(this, args as never[]);
            return Promise.reject(Object.assign(new Error(`${code}: refused`), { code }));
          };
        const mocks = (
          ['open', 'mkdir', 'mkdtemp', 'rename', 'rm', 'symlink', 'link'] as const
        ).map((step) => mock.method(fs, step, refuse(fs[step] as never) as never));
        try {
          await assert.rejects(write(folder), (error: Error) => {
            assert.ok(error instanceof FileError || error instanceof SafetensorsError, error.stack);
            assert.match(error.message, new RegExp(`must be writable.* ${code}: refused`));
            return true;
          });
        } finally {
          for (const one of mocks) one.mock.restore();
        }
        assert.deepEqual(contents(folder), old);
      });
    }
  }

  test('a fault of the chunks themselves is not called one of the disk', async () => {
    function* chunks(): Generator<string> {
      yield 'a';
      throw new LoraError('broken');
    }
    const file = path.join(folderWithOld(), 'x');
    await assert.rejects(writeFileAtomically(file, chunks()), /^LoraError: broken$|broken/);
    assert.equal(readFileSync(file, 'utf8'), 'old x');
  });
});

describe('a disk that fills up', { skip: process.platform === 'win32' }, () => {
  const large = 'new Map([["w", { shape: [100_000], values: new Float32Array(100_000) }]])';
  const programs: Record<string, string> = {
    writeFileAtomically: `local.writeFileAtomically(folder + '/x', ['a'.repeat(1e5)])`,
    writeSafetensors: `safetensors.writeSafetensors(folder + '/x.safetensors', ${large})`,
    writeAdapter: `peft.writeAdapter('savePretrained', folder, { r: 1 }, ${large})`,
    hubFile: `hub.hubFile({ caller: 'loadModel', repo: 'tiny', file: 'model.safetensors' }, { hubUrl: process.env.HUB })`,
  };
  for (const [name, program] of Object.entries(programs)) {
    test(`${name}: a typed error; what was there stays, and nothing is left but what will be continued`, async () => {
      const folder = folderWithOld();
      mkdirSync(path.join(folder, 'cache'));
      const old = contents(folder);
      const script = `
        const folder = process.argv[1];
        const [local, safetensors, hub] = ['local', 'safetensors', 'hub'].map((room) => require(${JSON.stringify(DOORS)} + '/' + room));
        const peft = require(${JSON.stringify(path.join(__dirname, 'peft'))});
        ${program}.then(() => console.log('written'), (error) => console.log(error.name, error.message));`;
      // A limit on the size of files simulates the full disk: the write fails half way.
      const { stdout, stderr } = await runLimited(script, folder);
      assert.match(stdout, /^(FileError|SafetensorsError) .*must be writable.* EFBIG/, stderr);
      const now = contents(folder);
      for (const file of Object.keys(now)) {
        if (file.startsWith('cache')) assert.match(file, /\.partial$/);
        else assert.equal(now[file], old[file], file);
      }
      assert.ok(Object.keys(old).every((file) => file in now));
    });
  }

  function runLimited(script: string, folder: string) {
    const shell = `trap '' XFSZ; ulimit -f 16; exec "$0" -e "$1" "$2"`;
    return promisify(execFile)('sh', ['-c', shell, process.execPath, script, folder], {
      env: { ...process.env, HF_HUB_CACHE: path.join(folder, 'cache'), HUB: peer.url },
    });
  }
});
