import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request as forward, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { pipeline } from 'node:stream';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { FIXTURES } from '../../../tests/fixture';
import { type HubPeer, sendJson, startHub } from '../../../tests/hub-peer';
import { hubFile } from './hub';
import { DownloadError, HubError } from './hub-error';

const FILES = ['config.json', 'model.safetensors'];
const TOKEN = 'hf_TopSecret0123456789';
const NAMES = /^(HF_|HUGGING_FACE_|TRANSFORMERS_OFFLINE$|(HTTPS?|ALL|NO)_PROXY$)/i;

const fixture = path.join(FIXTURES, 'gpt2_tiny');
const root = mkdtempSync(path.join(tmpdir(), 'hub-access-'));
const outside = { ...process.env };
let peer: HubPeer;

/** Sets these variables and a fresh cache, and unsets all others that the hub reads. */
function set(variables: Record<string, string>): void {
  for (const name of Object.keys(process.env)) if (NAMES.test(name)) delete process.env[name];
  const cache = mkdtempSync(path.join(root, 'cache-'));
  Object.assign(process.env, { HF_HOME: path.join(root, 'home'), HF_HUB_CACHE: cache }, variables);
}

const fetchFile = (file: string, options = {}) =>
  hubFile({ caller: 'loadModel', repo: 'owner/tiny', file }, options);

/** Fetches the two kinds of files, the small and the large one, and compares their bytes. */
async function fetchBoth(options = {}): Promise<void> {
  for (const file of FILES) {
    const got = readFileSync(await fetchFile(file, options));
    assert.deepEqual(got, readFileSync(path.join(fixture, file)));
  }
}

/** Fails unless a call fails with such an error, in which the token is nowhere. */
async function failsWithout(
  secret: string,
  run: () => Promise<unknown>,
  kind: new (...args: never[]) => Error,
  pattern: RegExp,
): Promise<void> {
  await assert.rejects(run, (error: Error) => {
    assert.ok(error instanceof kind, String(error));
    assert.match(error.message, pattern);
    const all = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error);
    assert.ok(!all.includes(secret), all);
    return true;
  });
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

before(async () => {
  peer = await startHub({ 'owner/tiny': fixture });
});
after(async () => {
  await peer.close();
  set({});
  Object.assign(process.env, outside);
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  peer.asked = [];
  peer.instead = () => false;
  set({});
});

describe('HF_ENDPOINT', () => {
  test('is asked in the place of the hub, with a slash at its end too', async () => {
    for (const end of ['', '/']) {
      set({ HF_ENDPOINT: peer.url + end });
      await fetchBoth();
    }
    assert.ok(peer.asked.every(({ line }) => !line.includes('//')));
  });

  test('gives way to hubUrl', async () => {
    set({ HF_ENDPOINT: 'http://127.0.0.1:1' });
    await fetchBoth({ hubUrl: peer.url });
  });
});

describe('HF_HUB_OFFLINE', () => {
  test('what is in the cache is used; for the rest nobody is asked', async () => {
    set({ HF_ENDPOINT: peer.url });
    const file = await fetchFile('config.json');
    peer.asked = [];
    process.env.HF_HUB_OFFLINE = '1';
    assert.equal(await fetchFile('config.json'), file);
    await assert.rejects(fetchFile('model.safetensors'), (error: Error) => {
      assert.ok(error instanceof DownloadError);
      assert.match(
        error.message,
        /^loadModel: model\.safetensors of owner\/tiny must be in the cache, since HF_HUB_OFFLINE is set/,
      );
      return true;
    });
    assert.deepEqual(peer.asked, []);
  });
});

describe('HF_TOKEN', () => {
  const login = () => set({ HF_ENDPOINT: peer.url, HF_TOKEN: TOKEN });

  test('goes to the hub with each request, and to no host that it redirects to', async () => {
    login();
    await fetchBoth();
    assert.ok(peer.asked.some(({ host }) => host === 'cdn'));
    for (const { host, line, authorization } of peer.asked) {
      assert.equal(authorization, host === 'hub' ? `Bearer ${TOKEN}` : '', line);
    }
  });

  test('of nobody: no header', async () => {
    set({ HF_ENDPOINT: peer.url });
    await fetchBoth();
    assert.ok(peer.asked.every(({ authorization }) => authorization === ''));
  });

  test('opens a gated model', async () => {
    peer.instead = ({ host, authorization }, response) => {
      const isOpen = host === 'cdn' || authorization === `Bearer ${TOKEN}`;
      if (!isOpen) sendJson(response, { error: 'Access to model owner/tiny is restricted.' }, 401);
      return !isOpen;
    };
    login();
    await fetchBoth();
    set({ HF_ENDPOINT: peer.url });
    await failsWithout(
      TOKEN,
      () => fetchFile('config.json'),
      HubError,
      /got status 401 \(Access to model owner\/tiny is restricted\..*run `hf auth login` or set HF_TOKEN\.$/,
    );
  });

  for (const [what, answer] of [
    [
      'the hub repeats it',
      (response: ServerResponse) => sendJson(response, { error: `no ${TOKEN}` }, 403),
    ],
    ['the hub is broken', (response: ServerResponse) => sendJson(response, { error: TOKEN }, 500)],
    ['the connection breaks', (response: ServerResponse) => response.destroy()],
    ['the answer is no JSON', (response: ServerResponse) => response.end(`<${TOKEN}>`)],
  ] as const) {
    test(`is in no error: ${what}`, async () => {
      login();
      peer.instead = (_, response) => {
        answer(response);
        return true;
      };
      const kind = what.includes('repeats') ? HubError : DownloadError;
      await failsWithout(TOKEN, () => fetchFile('config.json'), kind, /^loadModel: owner\/tiny /);
    });
  }

  test('nor are the signature of an address and the login of a mirror', async () => {
    const [scheme = '', rest = ''] = peer.url.split('//');
    login();
    await fetchFile('config.json');
    peer.instead = ({ host, line }, response) => {
      if (host === 'hub' && !line.includes('resolve')) return false;
      if (host === 'cdn') sendJson(response, { error: 'expired' }, 403);
      else if (response.req.headers.accept?.includes('xet')) return false;
      else response.writeHead(302, { Location: `${cdn}/x?X-Amz-Signature=signed` }).end();
      return true;
    };
    const cdn = peer.cdn;
    await failsWithout('signed', () => fetchFile('model.safetensors'), DownloadError, /expired/);
    set({ HF_ENDPOINT: `${scheme}//user:pa55word@${rest}` });
    await failsWithout(
      'pa55word',
      () => fetchFile('config.json'),
      DownloadError,
      /owner\/tiny is no folder/,
    );
  });
});

describe('a proxy', () => {
  let proxy: Server;
  let lines: string[] = [];
  let logins: (string | undefined)[] = [];
  let address = '';

  before(async () => {
    // As a proxy does: it asks for whole addresses itself, and only passes on what is tunnelled.
    proxy = createServer((from, to) => {
      lines.push(`${from.method} ${from.url}`);
      logins.push(from.headers['proxy-authorization']);
      const { method, headers } = from;
      const onward = forward(from.url ?? '', { method: method ?? 'GET', headers }, (answer) => {
        to.writeHead(answer.statusCode ?? 500, answer.headers);
        pipeline(answer, to, () => undefined);
      });
      onward.on('error', () => to.destroy());
      from.pipe(onward);
    });
    proxy.on('connect', ({ url = '', headers }, client) => {
      lines.push(`CONNECT ${url}`);
      logins.push(headers['proxy-authorization']);
      if (url.startsWith('forbidden')) {
        client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        return;
      }
      const onward = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(client).pipe(onward);
      });
      for (const socket of [onward, client]) socket.on('error', () => undefined);
    });
    address = `127.0.0.1:${await listen(proxy)}`;
  });
  after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  beforeEach(() => ([lines, logins] = [[], []]));

  test('gets every request, redirected ones too; the token still goes to the hub only', async () => {
    set({ HF_ENDPOINT: peer.url, HF_TOKEN: TOKEN, HTTP_PROXY: `http://me:p%40ss@${address}` });
    await fetchBoth();
    assert.equal(lines.length, peer.asked.length);
    assert.ok(
      lines.some((line) => line.startsWith(`GET ${peer.cdn}/`)),
      lines.join(),
    );
    assert.ok(logins.every((login) => login === `Basic ${btoa('me:p@ss')}`));
    for (const { host, line, authorization } of peer.asked) {
      assert.equal(authorization, host === 'hub' ? `Bearer ${TOKEN}` : '', line);
    }
  });

  test('continues a download that broke', async () => {
    set({ HF_ENDPOINT: peer.url, HTTP_PROXY: address });
    await fetchFile('config.json');
    peer.instead = ({ host }, response, content) => {
      if (host === 'hub') return false;
      response.writeHead(200, { 'Content-Length': content?.length });
      response.write(content?.subarray(0, 20_000), () => response.destroy());
      return true;
    };
    await assert.rejects(fetchFile('model.safetensors'), /got 20000 of 46280 bytes/);
    peer.instead = () => false;
    const got = readFileSync(await fetchFile('model.safetensors'));
    assert.deepEqual(got, readFileSync(path.join(fixture, 'model.safetensors')));
    assert.equal(peer.asked.at(-1)?.range, 'bytes=20000-46279');
  });

  test('is left out for the hosts of NO_PROXY', async () => {
    set({ HF_ENDPOINT: peer.url, HTTP_PROXY: address, NO_PROXY: '127.0.0.1,localhost' });
    await fetchBoth();
    assert.deepEqual(lines, []);
  });

  test('that is not there, or refuses, is a DownloadError', async () => {
    set({ HF_ENDPOINT: peer.url, HTTP_PROXY: 'http://me:secret@127.0.0.1:1' });
    await failsWithout('secret', () => fetchFile('config.json'), DownloadError, /ECONNREFUSED/);
    set({
      HF_ENDPOINT: 'https://forbidden.example',
      HTTPS_PROXY: `http://me:secret@${address}`,
      HF_TOKEN: TOKEN,
    });
    await failsWithout(
      TOKEN,
      () => fetchFile('config.json'),
      DownloadError,
      /Proxy response \(403\)/,
    );
    assert.deepEqual(lines, ['CONNECT forbidden.example:443']);
  });

  test('only passes on what goes to an https address: it sees neither paths nor the token', async () => {
    const [key, cert] = ['key', 'cert'].map((name) => path.join(root, name)) as [string, string];
    const options = ['-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=hub.example'];
    const made = spawnSync('openssl', ['req', '-x509', ...options, '-keyout', key, '-out', cert]);
    assert.equal(made.status, 0, String(made.error ?? made.stderr));
    const seen: string[] = [];
    const keys = { key: readFileSync(key), cert: readFileSync(cert) };
    const secure = createSecureServer(keys, (request, response) => {
      seen.push(`${request.headers.host} ${request.headers.authorization}`);
      const { method, headers, url = '' } = request;
      const onward = forward(peer.url + url, { method: method ?? 'GET', headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    const port = await listen(secure);
    set({ HF_ENDPOINT: `https://hub.example:${port}`, HTTPS_PROXY: address, HF_TOKEN: TOKEN });
    await assert.rejects(fetchFile('config.json'), /DownloadError: .*self-signed certificate/);
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // the certificate is of this test's own making
    try {
      await fetchBoth();
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      secure.closeAllConnections();
      secure.close();
    }
    assert.ok(seen.length > 3);
    assert.ok(lines.length > 3 && lines.every((line) => line === `CONNECT hub.example:${port}`));
    assert.ok(
      seen.every((line) => line === `hub.example:${port} Bearer ${TOKEN}`),
      seen.join(),
    );
  });
});
