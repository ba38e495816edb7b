import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Net, outputOf, peftCase, writeCase } from '../../../tests/peft-cases';
import { FileError } from '../../files/local';
import { read, useAccelerator } from '../../tensor/runtime';
import { convertToMlx } from '../mlx';
import { fileInside } from './adapter-files';
import { loadAdapter } from './load-adapter';

const CASE = peftCase('net', 'two entries');
const FILES = ['adapter_config.json', 'adapter_model.safetensors'];

const root = fs.mkdtempSync(path.join(tmpdir(), 'adapter-files-'));
after(() => fs.rmSync(root, { recursive: true }));
before(useAccelerator);

/** An adapter as Python's hub keeps it: each file of the snapshot is a link to a blob. */
async function cached({ model = 'models--owner--net', below = '', blobs = 'blobs' } = {}) {
  const hub = fs.mkdtempSync(path.join(root, 'hub-'));
  const source = path.join(hub, 'source');
  await writeCase(CASE, source);
  const snapshot = path.join(hub, model, 'snapshots', '0123abcd', below);
  const store = path.join(hub, model, blobs);
  for (const folder of [snapshot, store]) fs.mkdirSync(folder, { recursive: true });
  for (const [i, name] of FILES.entries()) {
    const blob = path.join(store, `${i}`.repeat(40));
    fs.renameSync(path.join(source, name), blob);
    fs.symlinkSync(path.relative(snapshot, blob), path.join(snapshot, name));
  }
  return { hub, snapshot, weights: path.join(store, '1'.repeat(40)) };
}

async function outputWith(folder: string): Promise<Float32Array> {
  const model = new Net();
  await loadAdapter(model, folder);
  const y = outputOf(model, CASE);
  return read(y).finally(() => {
    y.dispose();
    model.dispose();
  });
}

const refusesLink = (folder: string) =>
  assert.rejects(fileInside('test', folder, 'adapter_model.safetensors'), (error: Error) => {
    assert.ok(error instanceof FileError);
    assert.match(error.message, /must be in the folder, got a link that leads out/);
    return true;
  });

describe("an adapter in the hub's cache", { skip: process.platform === 'win32' }, () => {
  for (const [what, place] of [
    ['of an owner', {}],
    ['without an owner', { model: 'models--net' }],
    ['below its snapshot', { below: 'checkpoint-3/deeper' }],
  ] as const) {
    test(`${what} loads as its plain files do`, async () => {
      const plain = path.join(root, 'plain');
      await writeCase(CASE, plain);
      const { hub, snapshot } = await cached(place);
      const expected = await outputWith(plain);
      assert.deepEqual(await outputWith(snapshot), expected);
      fs.symlinkSync(hub, `${hub}-moved`); // the cache is on another disk
      const moved = path.join(`${hub}-moved`, path.relative(hub, snapshot));
      assert.deepEqual(await outputWith(moved), expected);
    });
  }

  test('that is damaged says which blob to delete', async () => {
    for (const [i, name] of FILES.entries()) {
      const { hub, snapshot } = await cached();
      const blobs = path.join(hub, 'models--owner--net/blobs');
      const content = fs.readFileSync(path.join(snapshot, name));
      const hash = createHash(i === 0 ? 'sha1' : 'sha256');
      if (i === 0) hash.update(`blob ${content.length}\0`);
      const blob = path.join(blobs, hash.update(content).digest('hex'));
      fs.rmSync(path.join(snapshot, name));
      fs.symlinkSync(`../../blobs/${path.basename(blob)}`, path.join(snapshot, name));
      fs.writeFileSync(blob, content);
      await loadAdapter(new Net(), snapshot);
      fs.truncateSync(blob, 100);
      for (const run of [
        () => loadAdapter(new Net(), snapshot),
        () => convertToMlx(snapshot, path.join(hub, 'mlx')),
      ]) {
        await assert.rejects(run, (error: Error) => {
          assert.ok(error instanceof FileError, String(error));
          assert.match(error.message, /the file is damaged: its 100 bytes must have the checksum/);
          assert.ok(error.message.includes(`Delete ${fs.realpathSync(blob)} and run`));
          return true;
        });
      }
    }
  });

  test('has no links to other places', async () => {
    for (const place of [
      { model: 'net' },
      { blobs: 'others' },
      { blobs: 'blobs/deeper' },
      { blobs: '../models--owner--other/blobs' },
    ]) {
      await refusesLink((await cached(place)).snapshot);
    }
  });

  test('has no blob that is a link itself, and no blob for a folder beside the snapshots', async () => {
    const { hub, snapshot, weights } = await cached();
    fs.renameSync(weights, path.join(hub, 'secret'));
    fs.symlinkSync('../../secret', weights);
    await refusesLink(snapshot);
    const { snapshot: other, weights: blob } = await cached();
    for (const beside of [path.dirname(other), path.join(other, '../../refs')]) {
      fs.mkdirSync(beside, { recursive: true });
      fs.symlinkSync(blob, path.join(beside, 'adapter_model.safetensors'));
      await refusesLink(beside);
    }
  });
});

describe('an adapter whose weights are not there', () => {
  for (const [names, pattern] of [
    [['adapter_model.bin'], /adapter_model\.bin is unsupported: it is a pickle.*PeftModel/],
    [['adapter_model.bin', 'optimizer.pt'], /adapter_model\.bin is unsupported/],
    [['adapters.npz'], /its folder only holds adapter_config\.json, adapters\.npz\./],
    [[], /its folder only holds adapter_config\.json\./],
  ] as const) {
    test(`but ${names.join(', ') || 'nothing'} is: the error says that`, async () => {
      const folder = fs.mkdtempSync(path.join(root, 'without-'));
      await writeCase(CASE, folder);
      fs.rmSync(path.join(folder, 'adapter_model.safetensors'));
      for (const name of names) fs.writeFileSync(path.join(folder, name), 'x');
      for (const run of [
        () => loadAdapter(new Net(), folder),
        () => convertToMlx(folder, path.join(root, 'never')),
      ]) {
        await assert.rejects(run, (error: Error) => {
          assert.ok(error instanceof FileError, String(error));
          assert.match(error.message, pattern);
          return true;
        });
      }
    });
  }
});
