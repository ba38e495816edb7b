import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { FIXTURES } from '../../tests/fixture';
import { DownloadError } from '../files/hub';
import { FileError } from '../files/local';
import { useAccelerator } from '../tensor/runtime';
import { loadModel } from './load';
import { generate } from './transformer';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const FILE = 'generation_config.json';
const fixture = path.join(FIXTURES, 'gpt2_tiny');
const root = mkdtempSync(path.join(tmpdir(), 'generation-'));
const prompt = [[5, 1, 60, 7]];
const maxNewTokens = 6;
let folder = '';
let first = NaN;

before(async () => {
  await useAccelerator();
  const model = await loadModel(fixture);
  [[first = NaN] = []] = await generate(model, prompt, { maxNewTokens, stopTokens: [] });
  model.dispose();
});
beforeEach(() => {
  folder = mkdtempSync(path.join(root, 'model-'));
  cpSync(fixture, folder, { recursive: true });
});
after(() => rmSync(root, { recursive: true }));

function write(file: string, json: object): void {
  const at = path.join(folder, file);
  const old = file === 'config.json' ? (JSON.parse(readFileSync(at, 'utf8')) as object) : {};
  writeFileSync(at, JSON.stringify({ ...old, ...json }));
}

/** The model's ends, and how many tokens it writes until its first, which is the likeliest token. */
async function endOf(
  model: string,
  options = {},
): Promise<[readonly number[], number | undefined]> {
  const loaded = await loadModel(model, options);
  const [written] = await generate(loaded, prompt, { maxNewTokens });
  loaded.dispose();
  return [loaded.config.eosTokenIds, written?.length];
}

describe('generation_config.json says how a text ends', () => {
  test('by a number or a list, whatever config.json says', async () => {
    for (const inConfig of [null, undefined, 59, [59]]) {
      write('config.json', { eos_token_id: inConfig });
      for (const end of [first, [first], [58, first]]) {
        write(FILE, { eos_token_id: end, do_sample: true });
        assert.deepEqual(await endOf(folder), [[end].flat(), 0]);
      }
    }
  });

  test('unless it says nothing of it: then config.json does', async () => {
    write('config.json', { eos_token_id: first });
    for (const json of [{}, { eos_token_id: null }, { max_length: 20 }]) {
      write(FILE, json);
      assert.deepEqual(await endOf(folder), [[first], 0]);
    }
  });

  test('and an option of generate goes before both', async () => {
    write(FILE, { eos_token_id: first });
    const model = await loadModel(folder);
    const [written] = await generate(model, prompt, { maxNewTokens, stopTokens: [] });
    assert.equal(written?.length, maxNewTokens);
    model.dispose();
  });

  for (const text of [
    '{"eos_token_id":"</s>"}',
    '{"eos_token_id":[1,-1]}',
    '{"eos_token_id":1.5}',
    '[]',
    '{',
  ]) {
    test(`${text} is refused, with the name of the file`, async () => {
      writeFileSync(path.join(folder, FILE), text);
      await assert.rejects(loadModel(folder), (error: Error) => {
        assert.ok(error instanceof FileError);
        assert.match(
          error.message,
          /generation_config\.json: (eos_token_id must be|the file must hold)/,
        );
        return true;
      });
    });
  }
});

describe('generation_config.json of a model by its name', () => {
  const closed = { hubUrl: 'http://127.0.0.1:1' };
  let cache = '';
  beforeEach(() => {
    process.env.HF_HUB_CACHE = mkdtempSync(path.join(root, 'cache-'));
    cache = path.join(process.env.HF_HUB_CACHE, 'models--tiny');
  });

  /** Puts files of the folder into the hub's cache. */
  function fill(...files: string[]): void {
    mkdirSync(path.join(cache, 'refs'), { recursive: true });
    writeFileSync(path.join(cache, 'refs/main'), COMMIT);
    for (const file of files) {
      cpSync(path.join(folder, file), path.join(cache, 'snapshots', COMMIT, file));
    }
  }

  test('is taken from the cache, and may be missing there without a connection', async () => {
    write(FILE, { eos_token_id: first });
    fill('config.json', 'model.safetensors');
    assert.deepEqual(await endOf('tiny', closed), [[0], maxNewTokens]);
    write('config.json', { eos_token_id: null });
    fill('config.json');
    assert.deepEqual(await endOf('tiny', closed), [[], maxNewTokens]);
    fill(FILE);
    assert.deepEqual(await endOf('tiny', closed), [[first], 0]);
  });

  test('is fetched with the weights, or where an older cache does not say how a text ends', async () => {
    const { hubUrl, close } = await serve();
    try {
      assert.deepEqual(await endOf('tiny', { hubUrl }), [[0], maxNewTokens]); // it has none
      write(FILE, { eos_token_id: first });
      rmSync(cache, { recursive: true });
      assert.deepEqual(await endOf('tiny', { hubUrl }), [[first], 0]);
      rmSync(cache, { recursive: true });
      write('config.json', { eos_token_id: null });
      fill('config.json', 'model.safetensors');
      assert.deepEqual(await endOf('tiny', { hubUrl }), [[first], 0]);
    } finally {
      close();
    }
  });

  test('stops a download that breaks there, so that no model without an end stays', async () => {
    fill('config.json');
    await assert.rejects(loadModel('tiny', closed), DownloadError);
  });

  /** Serves the folder as the hub does. */
  async function serve(): Promise<{ hubUrl: string; close: () => void }> {
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '', 'http://hub');
      const json = (body: unknown) =>
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      if (pathname.endsWith('/revision/main')) json({ _id: '1', id: 'tiny', sha: COMMIT });
      else if (pathname.includes('/paths-info/')) {
        request.once('data', (body: Buffer) => {
          const { paths } = JSON.parse(body.toString()) as { paths: string[] };
          json(paths.flatMap(describeFile));
        });
      } else {
        const content = contentOf(path.basename(pathname)) ?? Buffer.of();
        const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
        const part = from ? content.subarray(Number(from), Number(to) + 1) : content;
        const range = from && { 'Content-Range': `bytes ${from}-${to}/${content.length}` };
        const headers = { ETag: '"x"', 'Content-Length': part.length, ...range };
        response.writeHead(from ? 206 : 200, headers).end(part);
      }
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    return { hubUrl: `http://127.0.0.1:${port}`, close: () => server.close() };
  }

  function contentOf(file: string): Buffer | null {
    try {
      return readFileSync(path.join(folder, file));
    } catch {
      return null;
    }
  }

  function describeFile(file: string): object[] {
    const content = contentOf(file);
    if (!content) return [];
    const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
    return [{ type: 'file', path: file, oid, size: content.length }];
  }
});
