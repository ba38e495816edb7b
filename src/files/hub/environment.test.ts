/* The rules are those of Python's huggingface_hub and, for proxies, of httpx. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { ArgumentError } from '../../tensor/errors';
import { accessToken, cacheFolder, endpoint, isOffline, proxyFor } from './environment';

const NAMES =
  /^(HF_|HUGGING_FACE_|HUGGINGFACE_|TRANSFORMERS_OFFLINE$|XDG_CACHE_HOME$|HOME$|(HTTPS?|ALL|NO)_PROXY$)/i;
const home = mkdtempSync(path.join(tmpdir(), 'hub-environment-'));
const before = { ...process.env };

/** Sets these variables, and unsets all others that the hub reads. */
function set(variables: Record<string, string>): void {
  for (const name of Object.keys(process.env)) if (NAMES.test(name)) delete process.env[name];
  Object.assign(process.env, { HOME: home, USERPROFILE: home }, variables);
}

beforeEach(() => set({}));
after(() => {
  set({});
  Object.assign(process.env, before);
  rmSync(home, { recursive: true });
});

test('the address is the given one, then HF_ENDPOINT, then the hub, without a slash at its end', () => {
  assert.equal(endpoint('x'), 'https://huggingface.co');
  set({ HF_ENDPOINT: '' });
  assert.equal(endpoint('x'), 'https://huggingface.co');
  set({ HF_ENDPOINT: 'https://hf-mirror.com/' });
  assert.equal(endpoint('x'), 'https://hf-mirror.com');
  assert.equal(endpoint('x', 'http://127.0.0.1:8/hf//'), 'http://127.0.0.1:8/hf');
  for (const [given, name] of [
    [undefined, 'HF_ENDPOINT'],
    ['hf-mirror.com', 'hubUrl'],
    ['file:///x', 'hubUrl'],
  ] as const) {
    set({ HF_ENDPOINT: 'user:secret@mirror' });
    assert.throws(
      () => endpoint('loadModel', given),
      (error: Error) =>
        error instanceof ArgumentError &&
        error.message.startsWith(`loadModel: ${name} must be an address`) &&
        !error.message.includes('secret'),
    );
  }
});

test('HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE are on at 1, ON, YES and TRUE', () => {
  assert.equal(isOffline(), false);
  for (const name of ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE']) {
    for (const value of ['1', 'ON', 'yes', 'True']) {
      set({ [name]: value });
      assert.equal(isOffline(), true, `${name}=${value}`);
    }
    for (const value of ['', '0', 'off', 'no', 'false', '2']) {
      set({ [name]: value });
      assert.equal(isOffline(), false, `${name}=${value}`);
    }
  }
});

test('the cache is HF_HUB_CACHE, or hub in HF_HOME, with ~ and variables replaced', () => {
  const at = (...parts: string[]) => path.join(home, ...parts);
  assert.equal(cacheFolder(), at('.cache/huggingface/hub'));
  for (const [variables, folder] of [
    [{ XDG_CACHE_HOME: at('x') }, at('x/huggingface/hub')],
    [{ HF_HOME: '~/hf' }, at('hf/hub')],
    [{ HF_HOME: '~/hf', HUGGINGFACE_HUB_CACHE: '/old' }, '/old'],
    [{ HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '$HOME/a${HF_TOKEN}' }, at('ab')],
    [{ HF_HUB_CACHE: '/data/$NOWHERE/~' }, '/data/$NOWHERE/~'],
    [{ HF_HUB_CACHE: '' }, at('.cache/huggingface/hub')],
  ] as const) {
    set({ HF_TOKEN: 'b', ...variables });
    assert.equal(cacheFolder(), folder, JSON.stringify(variables));
  }
});

describe('the token', () => {
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  };

  test('is that of HF_TOKEN, or else of the file, trimmed', async () => {
    assert.equal(await accessToken('x'), undefined);
    write(path.join(home, '.cache/huggingface/token'), 'hf_default\n');
    assert.equal(await accessToken('x'), 'hf_default');
    const at = (name: string) => path.join(home, name);
    write(at('xdg/huggingface/token'), 'hf_xdg');
    write(at('hf/token'), 'hf_home');
    write(at('mine'), ' hf_mine\r\n');
    const variables: Record<string, string> = {};
    for (const [name, value, token] of [
      ['XDG_CACHE_HOME', at('xdg'), 'hf_xdg'],
      ['HF_HOME', at('hf'), 'hf_home'],
      ['HF_TOKEN_PATH', '~/mine', 'hf_mine'],
      ['HUGGING_FACE_HUB_TOKEN', 'hf_old', 'hf_old'],
      ['HF_TOKEN', ' api_org_new\n', 'api_org_new'],
    ] as const) {
      variables[name] = value;
      set(variables);
      assert.equal(await accessToken('x'), token, name);
    }
    set({ ...variables, HF_TOKEN: '' });
    assert.equal(await accessToken('x'), 'hf_old');
    set({ ...variables, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' });
    assert.equal(await accessToken('x'), undefined);
  });

  test('that cannot be sent is refused, and not shown', async () => {
    write(path.join(home, 'odd'), 'hf_sécret');
    for (const [name, value] of [
      ['HF_TOKEN', 'hf_se cret'],
      ['HF_TOKEN', 'hf_sécret'],
      ['HF_TOKEN_PATH', path.join(home, 'odd')],
    ] as const) {
      set({ [name]: value });
      await assert.rejects(accessToken('loadModel'), (error: Error) => {
        assert.ok(error instanceof ArgumentError);
        assert.match(error.message, /^loadModel: the token in .* must have no spaces/);
        return !/s.cret|se cret/.test(error.message);
      });
    }
  });
});

describe('the proxy', () => {
  const proxy = (url: string) => proxyFor('loadModel', new URL(url))?.href;

  test('is that of the scheme, or of all, in small letters first', () => {
    assert.equal(proxy('https://huggingface.co/x'), undefined);
    set({ HTTPS_PROXY: 'http://a:1', HTTP_PROXY: 'b:2', ALL_PROXY: 'http://c:3' });
    assert.equal(proxy('https://huggingface.co/x'), 'http://a:1/');
    assert.equal(proxy('http://huggingface.co/x'), 'http://b:2/');
    set({ ALL_PROXY: 'https://c:3' });
    assert.equal(proxy('https://huggingface.co/x'), 'https://c:3/');
    if (process.platform === 'win32') return; // names have no case there
    set({ HTTPS_PROXY: 'http://a:1', https_proxy: 'http://small:4' });
    assert.equal(proxy('https://huggingface.co/x'), 'http://small:4/');
  });

  test('is not used for the hosts of NO_PROXY', () => {
    for (const [list, isUsed] of [
      ['*', false],
      ['huggingface.co', false],
      ['HuggingFace.co', false],
      ['localhost, .huggingface.co', false],
      ['*.huggingface.co', false],
      ['co', false],
      ['huggingface.co:443', false],
      ['huggingface.co:80', true],
      ['face.co', true],
      ['cdn.huggingface.co', true],
      ['', true],
      [',', true],
    ] as const) {
      set({ HTTPS_PROXY: 'http://a:1', NO_PROXY: list });
      assert.equal(proxy('https://huggingface.co/x') !== undefined, isUsed, list);
    }
    set({ HTTPS_PROXY: 'http://a:1', NO_PROXY: 'huggingface.co' });
    assert.equal(proxy('https://cdn.huggingface.co/x'), undefined);
  });

  test('of another kind is refused, and its password not shown', () => {
    for (const value of ['socks5://user:secret@x:1', 'http://user:secret@', 'ftp://secret']) {
      set({ HTTPS_PROXY: value });
      assert.throws(
        () => proxy('https://huggingface.co'),
        (error: Error) =>
          error instanceof ArgumentError &&
          /^loadModel: HTTPS_PROXY must be the address of an http proxy/.test(error.message) &&
          !error.message.includes('secret'),
      );
    }
  });
});
