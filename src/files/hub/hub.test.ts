import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { FIXTURES } from '../../../tests/fixture';
import { sendPart } from '../../../tests/hub-peer';
import { ArgumentError } from '../../tensor/errors';
import { FileError } from '../local';
import type { DownloadProgress } from './download';
import { findFile } from './find-file';
import { hubFile } from './hub';
import { DownloadError, HubError } from './hub-error';
import { isHubName } from './hub-name';

const fixture = path.join(FIXTURES, 'gpt2_tiny');
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const HELD = 20_000;
const LARGE = 'model.safetensors';
const root = mkdtempSync(path.join(tmpdir(), 'hub-'));
const weights = readFileSync(path.join(fixture, LARGE));
const sha256 = createHash('sha256').update(weights).digest('hex');

/** Faults of the hub of this test. */
interface Faults {
  /** bytes of the large file after which the connection breaks */
  breakAfter?: number;
  /** after HELD bytes of the large file it waits for this */
  hold?: Promise<void>;
  /** a byte of the large file arrives changed */
  flip?: boolean;
  /** sends the whole file when asked for a range */
  ignoreRange?: boolean;
  status?: number;
  /** what the hub says of the large file */
  lfs?: object;
  commit?: string;
  lacks?: string;
}

let faults: Faults = {};
let requests: string[] = [];
let cache = '';

/** Answers as the hub does: a renamed model redirects, a large file is on another host. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? '', 'http://hub');
  const { range = '', accept = '' } = request.headers;
  requests.push([request.method, pathname, range].join(' ').trim());
  const json = (body: unknown, status = 200) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  const redirect = (status: number, to: string) =>
    response.writeHead(status, { Location: to }).end();

  const file = path.basename(pathname);
  if (faults.status) json({ error: 'Not for\nyou.' }, faults.status);
  else if (pathname.startsWith('/cdn/')) sendLarge(range, response);
  else if (!pathname.includes('/owner/tiny/')) {
    redirect(307, pathname.replace(/^(\/api\/models)?\/[^/]+/, '$1/owner/tiny'));
  } else if (/\/revision\/(main|v1%2F2)$/.test(pathname)) {
    json({ _id: '1', id: 'owner/tiny', sha: faults.commit ?? COMMIT });
  } else if (pathname.includes('/paths-info/')) {
    request.once('data', (body: Buffer) => json(pathsInfo(body)));
  } else if (file !== LARGE) {
    sendPart(response, readFileSync(path.join(fixture, file)));
  } else if (accept.includes('xet')) sendXet(response);
  else redirect(302, `http://localhost:${port()}/cdn/x`);
}

function pathsInfo(body: Buffer): object[] {
  const { paths } = JSON.parse(body.toString()) as { paths: string[] };
  return paths
    .filter((file) => file !== faults.lacks && existsSync(path.join(fixture, file)))
    .map((file) => {
      const content = readFileSync(path.join(fixture, file));
      const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content);
      const lfs = faults.lfs ?? { oid: sha256, size: weights.length, pointerSize: 130 };
      const entry = { type: 'file', path: file, oid: oid.digest('hex'), size: content.length };
      return file === LARGE ? { ...entry, lfs } : entry;
    });
}

function sendXet(response: ServerResponse): void {
  const link = (rel: string) => `<http://127.0.0.1:1/${rel}>; rel="${rel}"`;
  response.writeHead(200, {
    'Content-Type': 'application/vnd.xet-fileinfo+json',
    'X-Linked-Size': weights.length,
    'X-Linked-ETag': `"${sha256}"`,
    'X-Xet-Hash': sha256,
    Link: `${link('xet-auth')}, ${link('xet-reconstruction-info')}`,
  });
  response.end('{}');
}

function sendLarge(range: string, response: ServerResponse): void {
  const content = Buffer.from(weights);
  if (faults.flip) content[0] = content.readUInt8() ^ 1;
  const { breakAfter = 0, hold } = faults;
  if (!breakAfter && !hold) return sendPart(response, content, faults.ignoreRange ? '' : range);
  response.writeHead(200, { 'Content-Length': content.length });
  response.write(content.subarray(0, breakAfter || HELD), () => {
    if (hold) void hold.then(() => response.end(content.subarray(HELD)));
    else response.destroy();
  });
}

const server = createServer(answer);
const port = () => (server.address() as AddressInfo).port;
const hub = () => ({ hubUrl: `http://127.0.0.1:${port()}` });
/** A port at which nobody listens. */
const offline = { hubUrl: '' };
const home = (model = 'tiny') => path.join(cache, `models--${model}`);
const snapshot = (file: string) => path.join(home(), 'snapshots', COMMIT, file);
const fetchFile = (file: string, options = {}) =>
  hubFile({ caller: 'loadModel', repo: 'tiny', file }, { ...hub(), ...options });
const find = (model: string, options: object, file = 'config.json') =>
  findFile({ caller: 'loadModel', repo: model, file }, options);

before(async () => {
  const listen = () => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await listen();
  offline.hubUrl = hub().hubUrl;
  await new Promise((resolve) => server.close(resolve));
  await listen();
});
after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  [faults, requests] = [{}, []];
  cache = mkdtempSync(path.join(root, 'cache-'));
  process.env.HF_HUB_CACHE = cache;
});

describe('a model by its name on the hub', () => {
  test('is fetched into the layout of the cache, then found without any request', async () => {
    const files = ['config.json', LARGE, 'tokenizer.json'];
    for (const file of files) assert.equal(await find('tiny', hub(), file), snapshot(file));
    assert.equal(readFileSync(path.join(home(), 'refs/main'), 'utf8'), COMMIT);
    assert.equal(readlinkSync(snapshot(LARGE)), `../../blobs/${sha256}`);
    for (const file of files) {
      assert.deepEqual(readFileSync(snapshot(file)), readFileSync(path.join(fixture, file)));
    }
    assert.equal(readdirSync(path.join(home(), 'blobs')).length, 3);

    requests = [];
    for (const file of files) await find('tiny', offline, file);
    assert.deepEqual(requests, []);
  });

  test('takes the commit that the cache names, and a blob that is there already', async () => {
    const other = COMMIT.replace('0', 'f');
    for (const folder of ['refs', 'blobs'])
      mkdirSync(path.join(home(), folder), { recursive: true });
    writeFileSync(path.join(home(), 'refs/main'), other);
    writeFileSync(path.join(home(), 'blobs', sha256), 'by Python');
    assert.equal(readFileSync(await fetchFile(LARGE), 'utf8'), 'by Python');
    assert.deepEqual(requests.slice(1), [`POST /api/models/owner/tiny/paths-info/${other}`]);
  });

  test('with a revision is that branch, tag or commit, kept beside the others', async () => {
    const tagged = await find('tiny@v1/2', hub());
    assert.equal(tagged, snapshot('config.json'));
    assert.equal(readFileSync(path.join(home(), 'refs/v1/2'), 'utf8'), COMMIT);
    assert.equal(await find('tiny@v1/2', offline), tagged);
    assert.equal(existsSync(path.join(home(), 'refs/main')), false);

    requests = [];
    assert.equal(await find(`tiny@${COMMIT}`, offline), tagged); // which needs no question
    const other = COMMIT.replace('0', 'f');
    await find(`tiny@${other}`, hub());
    assert.ok(requests.every((request) => !request.includes('/revision/')));
    assert.ok(existsSync(path.join(home(), 'snapshots', other, 'config.json')));
    assert.equal(existsSync(path.join(home(), 'refs', other)), false);
  });

  test('reports progress up to the size of the file', async () => {
    const seen: DownloadProgress[] = [];
    await fetchFile(LARGE, { onProgress: (progress: DownloadProgress) => seen.push(progress) });
    const { length } = weights;
    assert.deepEqual(seen.at(-1), { file: LARGE, loadedBytes: length, totalBytes: length });
  });
});

describe('a download that goes wrong', () => {
  const partial = () => path.join(home(), 'blobs', `${sha256}.partial`);

  test('by a broken connection keeps the bytes that came, and the next call asks for the rest', async () => {
    faults = { breakAfter: 20_000 };
    await assert.rejects(fetchFile(LARGE), (error: Error) => {
      assert.ok(error instanceof DownloadError);
      assert.match(error.message, /^loadModel: model\.safetensors of tiny .* 20000 of 46280 bytes/);
      return true;
    });
    assert.deepEqual(readFileSync(partial()), weights.subarray(0, 20_000));
    assert.ok(!existsSync(snapshot(LARGE)) && !existsSync(path.join(home(), 'blobs', sha256)));

    [faults, requests] = [{}, []];
    const seen: number[] = [];
    const onProgress = ({ loadedBytes }: DownloadProgress) => seen.push(loadedBytes);
    assert.deepEqual(readFileSync(await fetchFile(LARGE, { onProgress })), weights);
    assert.deepEqual(requests.at(-1), 'GET /cdn/x bytes=20000-46279');
    assert.ok(Number(seen[0]) > 20_000 && seen.at(-1) === 46_280, String(seen));
    assert.ok(!existsSync(partial()));
  });

  test('after the last byte is completed without a request for more', async () => {
    await fetchFile('config.json');
    writeFileSync(partial(), weights);
    assert.deepEqual(readFileSync(await fetchFile(LARGE)), weights);
    assert.ok(!requests.some((request) => request.includes('/cdn/')), requests.join());
  });

  for (const [name, start, wrong] of [
    ['by a changed byte', 0, { flip: true }],
    ['by a server that ignores the range', 20_000, { ignoreRange: true }],
  ] as const) {
    test(`${name} fails the checksum, is deleted, and may be tried again`, async () => {
      await fetchFile('config.json');
      writeFileSync(partial(), weights.subarray(0, start));
      faults = wrong;
      await assert.rejects(fetchFile(LARGE), (error: Error) => {
        assert.ok(error instanceof DownloadError);
        assert.match(error.message, new RegExp(`checksum ${sha256}, got [0-9a-f]{64}\\.`));
        return true;
      });
      assert.ok(!existsSync(partial()) && !existsSync(snapshot(LARGE)));
      faults = {};
      assert.deepEqual(readFileSync(await fetchFile(LARGE)), weights);
    });
  }

  test('works for two callers at once, whichever is faster', async () => {
    const both = [snapshot(LARGE), snapshot(LARGE)];
    assert.deepEqual(await Promise.all([fetchFile(LARGE), fetchFile(LARGE)]), both);
    assert.deepEqual(readFileSync(snapshot(LARGE)), weights);

    rmSync(home(), { recursive: true });
    let release = () => {};
    faults = { hold: new Promise<void>((resolve) => (release = resolve)) };
    let first: Promise<string> | undefined;
    await new Promise<void>((resolve) => {
      const onProgress = ({ loadedBytes }: DownloadProgress) => loadedBytes === HELD && resolve();
      first = fetchFile(LARGE, { onProgress });
    });
    [faults, requests] = [{}, []];
    const second = await fetchFile(LARGE);
    assert.deepEqual(requests.at(-1), `GET /cdn/x bytes=${HELD}-46279`);
    assert.deepEqual(readFileSync(second), weights);
    release();
    assert.equal(await first, second);
    assert.deepEqual(readFileSync(second), weights);
  });

  test('by a cache that cannot be written names the folder and HF_HUB_CACHE', async () => {
    writeFileSync(home(), 'a file where the folder should be');
    await assert.rejects(fetchFile(LARGE), (error: Error) => {
      assert.ok(error instanceof FileError);
      assert.match(error.message, /the cache must be writable, got: E.*HF_HUB_CACHE/);
      return true;
    });
  });
});

describe('a hub that does not give the model', () => {
  for (const status of [401, 403, 404]) {
    test(`status ${status}: the name may be wrong, or the model be gated`, async () => {
      faults = { status };
      await assert.rejects(find('tiny', hub()), (error: Error) => {
        assert.ok(error instanceof HubError);
        assert.match(
          error.message,
          new RegExp(`^loadModel: tiny must be .* status ${status} \\(Not for you\\.`),
        );
        assert.match(error.message, /run `hf auth login` or set HF_TOKEN\.$/);
        return true;
      });
      assert.deepEqual(readdirSync(cache), []);
    });
  }

  test('status 503 and no hub at all: one line that says what to do', async () => {
    faults = { status: 503 };
    const advice =
      'Connect once, or pass a folder that holds config.json, model.safetensors and tokenizer.json.';
    for (const [options, cause] of [
      [hub(), 'Not for you'],
      [offline, 'ECONNREFUSED'],
    ] as const) {
      await assert.rejects(find('tiny', options), (error: Error) => {
        assert.ok(error instanceof DownloadError);
        assert.match(error.message, /^loadModel: tiny is no folder and not in the cache, and .*$/);
        assert.ok(error.message.includes(cause) && error.message.endsWith(advice), error.message);
        return true;
      });
    }
  });

  test('a file that the model lacks is named', async () => {
    faults = { lacks: LARGE };
    await assert.rejects(fetchFile(LARGE), (error: Error) => {
      assert.ok(error instanceof HubError);
      assert.match(error.message, /^loadModel: tiny on the hub must hold model\.safetensors/);
      return true;
    });
  });

  test('an answer that would lead out of the cache is refused', async () => {
    faults = { commit: '../../x' };
    await assert.rejects(fetchFile(LARGE), /DownloadError: .*names no commit/);
    faults = { lfs: { oid: '../../x', size: 3 } };
    await assert.rejects(fetchFile(LARGE), /HubError: .*must have a size and a checksum/);
    assert.deepEqual(readdirSync(cache), []);
  });
});

describe('names', () => {
  test('of the hub', () => {
    for (const name of [
      'gpt2',
      'distilgpt2',
      'openai-community/gpt2',
      'a/B_c.9',
      'datasets/x',
      'a/b@v1',
      'a@refs/pr/1',
    ]) {
      assert.ok(isHubName(name), name);
    }
  });

  test('that are paths, or nothing, are folders that are not there; nobody is asked', async () => {
    const names = ['', '../x', './x', '/x', 'a/b/c', 'a/..', 'a//b', 'a--b', 'x?y', 'a b', '~/x'];
    for (const name of [
      ...names,
      'x/',
      'a\\b',
      'C:x',
      'a\n',
      'a'.repeat(97),
      'a@',
      'a@../x',
      'a@b@c',
      '@x',
    ]) {
      await assert.rejects(find(name, hub()), (error: Error) => {
        assert.ok(error instanceof ArgumentError, String(error));
        assert.ok(error.message.endsWith(`got ${JSON.stringify(name)}.`), error.message);
        return true;
      });
    }
    assert.deepEqual(requests, []);
  });
});
