/* What the hub may do, good or bad, one test for each, against a server that does it. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { FIXTURES } from '../../../tests/fixture';
import {
  type Asked,
  type HubPeer,
  sendJson,
  sendPart,
  sha256,
  startHub,
} from '../../../tests/hub-peer';
import { hubFile } from './hub';
import { DownloadError, HubError } from './hub-error';

const LARGE = 'model.safetensors';
const NAMES = /^(HF_|HUGGING_?FACE_|TRANSFORMERS_OFFLINE$|(HTTPS?|ALL|NO)_PROXY$)/i;

const fixture = path.join(FIXTURES, 'gpt2_tiny');
const weights = readFileSync(path.join(fixture, LARGE));
const root = mkdtempSync(path.join(tmpdir(), 'hub-peer-'));
const outside = { ...process.env };
let peer: HubPeer;
let cache = '';

const fetchFile = (file = LARGE) =>
  hubFile({ caller: 'loadModel', repo: 'owner/tiny', file }, { hubUrl: peer.url });
const arrives = async () => assert.deepEqual(readFileSync(await fetchFile()), weights);

async function fails(kind: new (...args: never[]) => Error, pattern: RegExp): Promise<void> {
  await assert.rejects(fetchFile(), (error: Error) => {
    assert.ok(error instanceof kind, String(error));
    assert.match(error.message, pattern);
    assert.ok(!error.message.includes('\n'));
    return true;
  });
  assert.ok(!files().some((file) => file.includes('snapshots') && file.endsWith(LARGE)));
}

/** Every file below the cache. */
const files = () => readdirSync(cache, { recursive: true, encoding: 'utf8' });

/** The kinds of requests that a download makes. */
const STEPS: [string, (asked: Asked) => boolean][] = [
  ['the commit', ({ line }) => line.includes('/revision/')],
  ['the list of files', ({ line }) => line.includes('/paths-info/')],
  ['the address of a file', ({ host, line }) => host === 'hub' && line.includes('/resolve/')],
  ['the file itself', ({ host }) => host === 'cdn'],
];

before(async () => {
  peer = await startHub({ 'owner/tiny': fixture });
});
after(async () => {
  await peer.close();
  Object.assign(process.env, outside);
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (NAMES.test(name)) delete process.env[name];
  cache = mkdtempSync(path.join(root, 'cache-'));
  Object.assign(process.env, { HF_HOME: root, HF_HUB_CACHE: cache });
  peer.asked = [];
  peer.instead = () => false;
});

test('it redirects a model that was renamed, and a large file to another host', async () => {
  peer.instead = ({ host, line }, response) => {
    if (host === 'cdn' || line.includes('/owner/tiny/')) return false;
    response
      .writeHead(307, { Location: line.replace(/^\w+ /, '').replace('old', 'owner/tiny') })
      .end();
    return true;
  };
  const wanted = { caller: 'loadModel', repo: 'old', file: LARGE };
  assert.deepEqual(readFileSync(await hubFile(wanted, { hubUrl: peer.url })), weights);
  assert.ok(peer.asked.some(({ host }) => host === 'cdn'));
});

describe('it refuses', () => {
  for (const [status, why] of [
    [401, 'Access to model owner/tiny is restricted.'],
    [403, 'Your request to access model owner/tiny is awaiting a review.'],
    [404, 'Repository not found'],
  ] as const) {
    test(`with ${status}: HubError at once, with the hub's words; nothing is kept`, async () => {
      peer.instead = (_, response) => {
        sendJson(response, { error: why }, status);
        return true;
      };
      await fails(HubError, new RegExp(`got status ${status} \\(${why}`));
      assert.equal(peer.asked.length, 1);
      assert.deepEqual(files(), []);
    });
  }
});

describe('it is busy', () => {
  for (const [step, isStep] of STEPS) {
    test(`with 503 and 500, then good, at ${step}: asked again`, async () => {
      const statuses = [503, 500];
      peer.instead = (asked, response) => {
        const status = isStep(asked) ? statuses.shift() : undefined;
        if (status) sendJson(response, { error: 'busy' }, status);
        return status !== undefined;
      };
      await arrives();
      assert.deepEqual(statuses, []);
    });
  }

  test('with 503 for long: a DownloadError after four tries', async () => {
    peer.instead = (_, response) => {
      sendJson(response, { error: 'busy' }, 503);
      return true;
    };
    await fails(DownloadError, /the hub cannot be reached \(busy/);
    assert.equal(peer.asked.length, 4);
  });

  for (const [what, header] of [
    ['seconds', () => '1'],
    ['a date', () => new Date(Date.now() + 2000).toUTCString()],
  ] as const) {
    test(`with 429 and ${what} in Retry-After: asked again then, not before`, async () => {
      let refused = 0;
      let asked = 0;
      peer.instead = (_, response) => {
        if (refused > 0) {
          asked ||= Date.now();
          return false;
        }
        refused = Date.now();
        response.writeHead(429, { 'Retry-After': header() }).end();
        return true;
      };
      await arrives();
      assert.ok(asked - refused >= 950, `${asked - refused} ms`);
    });
  }

  test('with 429 for an hour: a DownloadError at once', async () => {
    peer.instead = (_, response) => {
      response.setHeader('Retry-After', '3600');
      sendJson(response, { error: 'Too many requests' }, 429);
      return true;
    };
    await fails(DownloadError, /Too many requests/);
    assert.equal(peer.asked.length, 1);
  });
});

describe('its connection breaks', () => {
  for (const [step, isStep] of STEPS) {
    test(`at ${step}: a DownloadError, and the next call works`, async () => {
      peer.instead = (asked, response) => {
        if (!isStep(asked)) return false;
        response.destroy();
        return true;
      };
      await fails(DownloadError, /^loadModel: /);
      peer.instead = () => false;
      await arrives();
    });
  }

  test('within the file: what came is kept, and the next call asks for the rest', async () => {
    peer.instead = ({ host }, response, content) => {
      if (host !== 'cdn') return false;
      response.writeHead(200, { 'Content-Length': content?.length });
      response.write(content?.subarray(0, 30_000), () => response.destroy());
      return true;
    };
    await fails(DownloadError, /got 30000 of 46280 bytes/);
    peer.instead = () => false;
    await arrives();
    assert.equal(peer.asked.at(-1)?.range, 'bytes=30000-46279');
  });
});

test('it sends other bytes than it said: a DownloadError, and nothing of them is kept', async () => {
  peer.instead = ({ host }, response, content) => {
    if (host !== 'cdn') return false;
    sendPart(response, Buffer.from(content ?? []).fill(7, 100, 101));
    return true;
  };
  await fails(DownloadError, new RegExp(`must have the checksum ${sha256(weights)}, got `));
  assert.ok(!files().some((file) => file.includes(sha256(weights))));
  peer.instead = () => false;
  await arrives();
});

describe('it is slow', () => {
  test('but sends something all the time: the file arrives', async () => {
    process.env.HF_HUB_DOWNLOAD_TIMEOUT = '0.4';
    peer.instead = ({ host }, response, content) => {
      if (host !== 'cdn') return false;
      response.writeHead(200, { 'Content-Length': weights.length });
      void (async () => {
        for (let at = 0; at < weights.length; at += 5000) {
          response.write(content?.subarray(at, at + 5000));
          await wait(100);
        }
        response.end();
      })();
      return true;
    };
    await arrives();
  });

  test('and stops within the file: a DownloadError in time; the next call asks for the rest', async () => {
    process.env.HF_HUB_DOWNLOAD_TIMEOUT = '0.3';
    peer.instead = ({ host }, response, content) => {
      if (host === 'cdn') {
        response.writeHead(200, { 'Content-Length': content?.length });
        response.write(content?.subarray(0, 30_000));
      }
      return host === 'cdn';
    };
    await fails(DownloadError, /got 30000 of 46280 bytes \(nothing came for 0\.3 seconds\)/);
    assert.ok(files().some((file) => file.endsWith(`${sha256(weights)}.partial`)));
    peer.instead = () => false;
    await arrives();
    assert.equal(peer.asked.at(-1)?.range, 'bytes=30000-46279');
  });

  for (const proxy of [false, true]) {
    test(`and never answers${proxy ? ', nor does a proxy' : ''}: a DownloadError in time`, async () => {
      process.env.HF_HUB_ETAG_TIMEOUT = '0.3';
      if (proxy) process.env.HTTP_PROXY = peer.url;
      peer.instead = () => true;
      await fails(DownloadError, /the hub cannot be reached \(nothing came for 0\.3 seconds\)/);
      assert.ok(!existsSync(path.join(cache, 'models--owner--tiny')));
    });
  }
});
