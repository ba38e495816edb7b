import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { COMMIT, type HubPeer, startHub } from '../../../tests/hub-peer';
import { readData } from './read-data';

const folder = mkdtempSync(path.join(tmpdir(), 'lora-hub-rows-'));
const outside = { ...process.env };
let peer: HubPeer;
let cache = '';

const texts = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ text: `text ${from + i}` }));

function dataset(name: string, files: Record<string, object[]>): [string, string] {
  const own = path.join(folder, name);
  mkdirSync(own);
  for (const [file, rows] of Object.entries(files)) {
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`);
    mkdirSync(path.dirname(path.join(own, file)), { recursive: true });
    writeFileSync(path.join(own, file), lines.join(''));
  }
  return [`datasets/me/${name}`, own];
}

before(async () => {
  peer = await startHub(
    Object.fromEntries([
      dataset('three', {
        'train.jsonl': texts(0, 20),
        'validation.jsonl': texts(20, 3),
        'test.jsonl': texts(30, 4),
      }),
      dataset('short', { 'train.jsonl': texts(0, 20), 'val.jsonl': texts(20, 3) }),
      dataset('alone', { 'train.jsonl': texts(0, 20) }),
      dataset('other', { 'README.md': [], 'parts/rows.jsonl': texts(0, 10), 'all.jsonl': [] }),
      dataset('faulty', { 'train.jsonl': [{ txt: 'a' }, { text: 'b' }] }),
    ]),
  );
});
after(async () => {
  await peer.close();
  process.env = outside;
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  peer.asked = [];
  cache = mkdtempSync(path.join(folder, 'cache-'));
  Object.assign(process.env, { HF_HUB_CACHE: cache, HF_ENDPOINT: peer.url, NO_PROXY: '*' });
  delete process.env.HF_HUB_OFFLINE;
});

async function lengths(address: string): Promise<number[]> {
  const { train, valid, test: held } = await readData(address);
  return [train.length, valid.length, held.length];
}

describe('rows on the hub', () => {
  test('are those of train, validation and test, fetched once into the cache', async () => {
    assert.deepEqual(await lengths('hf://datasets/me/three'), [20, 3, 4]);
    const { train } = await readData('hf://datasets/me/three');
    assert.deepEqual([train.at(3), train.place(3)], [{ text: 'text 3' }, 'train.jsonl:4']);
    const asked = peer.asked.length;
    process.env.HF_HUB_OFFLINE = '1';
    assert.deepEqual(await lengths('hf://datasets/me/three'), [20, 3, 4]);
    assert.equal(peer.asked.length, asked);
    assert.ok(existsSync(path.join(cache, 'datasets--me--three/snapshots', COMMIT)));
  });

  test('are chosen by under whatever name they have', async () => {
    assert.deepEqual(await lengths('hf://datasets/me/short'), [20, 3, 0]);
  });

  test('are held back from train if there are no others, offline as well', async () => {
    assert.deepEqual(await lengths('hf://datasets/me/alone'), [16, 2, 2]);
    const asked = peer.asked.length;
    process.env.HF_HUB_OFFLINE = '1';
    assert.deepEqual(await lengths('hf://datasets/me/alone'), [16, 2, 2]);
    assert.equal(peer.asked.length, asked);
    assert.ok(existsSync(path.join(cache, 'datasets--me--alone/.no_exist', COMMIT, 'test.jsonl')));
  });

  test('may be one file, of a branch, tag or commit', async () => {
    assert.deepEqual(await lengths('hf://datasets/me/other/parts/rows.jsonl'), [8, 1, 1]);
    const address = `hf://datasets/me/other@${COMMIT}/parts/rows.jsonl`;
    assert.deepEqual(await lengths(address), [8, 1, 1]);
  });

  test('that are faulty are named by file and line', async () => {
    await assert.rejects(readData('hf://datasets/me/faulty'), {
      name: 'FileError',
      message: /^readData: hf:\/\/datasets\/me\/faulty:\s+train\.jsonl:1: .* got "txt"/,
    });
  });

  test('that are not there are refused with what is', async () => {
    await assert.rejects(readData('hf://datasets/me/other'), {
      name: 'HubError',
      message:
        /other on the hub must hold train\.jsonl, got .*README\.md.* read too: hf:\/\/datasets\/me\/other\/all\.jsonl/,
    });
    await assert.rejects(readData('hf://datasets/me/none'), {
      name: 'HubError',
      message: /must be a folder, or a data set that the hub gives out, got status 404/,
    });
    await assert.rejects(readData('hf://datasets/me/other/train.parquet'), {
      name: 'FileError',
      message: /must be JSONL/,
    });
    process.env.HF_HUB_OFFLINE = '1';
    await assert.rejects(readData('hf://datasets/me/three'), {
      name: 'DownloadError',
      message: /train\.jsonl of hf:\/\/datasets\/me\/three must be in the cache/,
    });
  });

  test('have an address; a name that is no folder is told so', async () => {
    for (const address of [
      'hf://me/three',
      'hf://datasets/three',
      'hf://datasets/me/../three',
      'hf://datasets/me/three/../x.jsonl',
      'hf://datasets/me/three@',
    ]) {
      await assert.rejects(readData(address), {
        name: 'ArgumentError',
        message: /must be hf:\/\/datasets\/owner\/name, /,
      });
    }
    await assert.rejects(readData('me/three'), {
      name: 'FileError',
      message: /A data set of the hub is hf:\/\/datasets\/me\/three\.$/,
    });
    assert.deepEqual(peer.asked, []);
  });
});
