import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { ArgumentError } from '../../tensor/errors';

/* What Python's huggingface_hub reads from the environment, by the same rules. */

/** The value of the first of these variables that is set and not empty. */
function variable(...names: string[]): string | undefined {
  return names.map((name) => process.env[name]).find((value) => value);
}

const isOn = (value = '') => /^(1|on|yes|true)$/i.test(value);

/** Whether the hub must not be asked: `HF_HUB_OFFLINE` or `TRANSFORMERS_OFFLINE`. */
export function isOffline(): boolean {
  return isOn(variable('HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'));
}

/** Seconds to wait for an answer of the hub, or for the next piece of a file. */
export function patience(name: 'HF_HUB_ETAG_TIMEOUT' | 'HF_HUB_DOWNLOAD_TIMEOUT'): number {
  const seconds = Number(variable(name));
  return seconds > 0 ? seconds : 60;
}

/**
 * The hub's address without a slash at its end: the given one, `HF_ENDPOINT`, or the hub's own.
 * @throws ArgumentError if it is no http address
 */
export function endpoint(caller: string, given?: string): string {
  const url = (given ?? variable('HF_ENDPOINT') ?? 'https://huggingface.co').replace(/\/+$/, '');
  if (/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) return url;
  const name = given === undefined ? 'HF_ENDPOINT' : 'hubUrl';
  throw new ArgumentError(
    `${caller}: ${name} must be an address such as https://huggingface.co, got another text.`,
  );
}

/**
 * The token of the login: `HF_TOKEN`, or else the file that `hf auth login` writes. None with
 * `HF_HUB_DISABLE_IMPLICIT_TOKEN`.
 * @throws ArgumentError, which does not show it, if it can't be sent
 */
export async function accessToken(caller: string): Promise<string | undefined> {
  if (isOn(variable('HF_HUB_DISABLE_IMPLICIT_TOKEN'))) return undefined;
  const given = variable('HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN');
  const file = tokenFile();
  const text = given ?? (await readFile(file, 'utf8').catch(() => ''));
  const token = text.replace(/[\r\n]/g, '').trim();
  if (/^[\x21-\x7e]*$/.test(token)) return token || undefined;
  throw new ArgumentError(
    `${caller}: the token in ${given ? 'HF_TOKEN' : file} must have no spaces and only plain letters, digits and signs, got others.`,
  );
}

function tokenFile(): string {
  return expand(variable('HF_TOKEN_PATH') ?? path.join(hubHome(), 'token'));
}

/** The folder of the cache: `HF_HUB_CACHE`, or `hub` in `HF_HOME`. */
export function cacheFolder(): string {
  const given = variable('HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE');
  return expand(given ?? path.join(hubHome(), 'hub'));
}

function hubHome(): string {
  const cache = variable('XDG_CACHE_HOME') ?? path.join(homedir(), '.cache');
  return variable('HF_HOME') ?? path.join(cache, 'huggingface');
}

/** Replaces `~` at the start, and variables, as a shell would have. */
function expand(file: string): string {
  return file
    .replace(/^~(?=$|[\\/])/, () => homedir())
    .replace(/\$(?:(\w+)|\{(\w+)\})/g, (all, name: string, braced: string) => {
      return process.env[name ?? braced] ?? all;
    });
}

/**
 * The proxy for an address: `HTTPS_PROXY` or `HTTP_PROXY` by its scheme, or `ALL_PROXY`, in small
 * letters first; none if `NO_PROXY` names the host.
 * @throws ArgumentError if it is no http address
 */
export function proxyFor(caller: string, url: URL): URL | undefined {
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const text = variable(name, name.toUpperCase(), 'all_proxy', 'ALL_PROXY');
  if (text === undefined || isExcluded(url, variable('no_proxy', 'NO_PROXY') ?? '')) {
    return undefined;
  }
  const address = text.includes('://') ? text : `http://${text}`;
  const proxy = URL.canParse(address) ? new URL(address) : undefined;
  if (proxy && /^https?:$/.test(proxy.protocol)) return proxy;
  throw new ArgumentError(
    `${caller}: ${name.toUpperCase()} must be the address of an http proxy, such as http://proxy:3128, got another text.`,
  );
}

/** Whether a host, or a domain above it, is in a list such as `localhost,.corp.example:8080`. */
function isExcluded({ hostname, port, protocol }: URL, list: string): boolean {
  const actual = port || (protocol === 'https:' ? '443' : '80');
  return list.split(',').some((entry) => {
    const [, name = '', wanted = ''] = /^(?:\*?\.)?(.*?)(?::(\d+))?$/.exec(entry.trim()) ?? [];
    if (name === '*') return true;
    if (name === '' || (wanted !== '' && wanted !== actual)) return false;
    return hostname === name.toLowerCase() || hostname.endsWith(`.${name.toLowerCase()}`);
  });
}
