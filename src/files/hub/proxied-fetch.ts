import http from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import tls from 'node:tls';
import { urlToHttpOptions } from 'node:url';

const MAX_REDIRECTS = 20; // as fetch has it

/** A request as the hub's library makes it. */
interface Request {
  url: URL;
  method: string;
  headers: Headers;
  body: string | undefined;
  signal: AbortSignal | undefined;
}

/**
 * `fetch` that goes through a proxy, since Node's own knows none. Like it, it follows redirects,
 * and the header with the token does not go on to another host.
 * @param proxyOf the proxy for an address; undefined to go straight there
 */
export async function proxiedFetch(
  input: URL,
  init: RequestInit,
  proxyOf: (url: URL) => URL | undefined,
): Promise<Response> {
  const { method = 'GET', body } = init;
  let request: Request = {
    url: input,
    method,
    headers: new Headers(init.headers),
    body: typeof body === 'string' ? body : undefined,
    signal: init.signal ?? undefined,
  };
  for (let i = 0; i <= MAX_REDIRECTS; i++) {
    const answer = await send(request, proxyOf(request.url));
    const { statusCode: status = 0, headers } = answer;
    if (!headers.location || ![301, 302, 303, 307, 308].includes(status)) {
      return toResponse(answer, request.url);
    }
    answer.resume();
    request = redirected(request, status, headers.location);
  }
  throw new Error(`more than ${MAX_REDIRECTS} redirects`);
}

function redirected(request: Request, status: number, location: string): Request {
  const url = new URL(location, request.url);
  const headers = new Headers(request.headers);
  if (url.origin !== request.url.origin) headers.delete('authorization');
  const isGet = status === 303 || (status < 303 && request.method === 'POST');
  if (!isGet) return { ...request, url, headers };
  headers.delete('content-type');
  return { ...request, url, method: 'GET', headers, body: undefined };
}

async function send(request: Request, proxy: URL | undefined): Promise<http.IncomingMessage> {
  const { url, method, body, signal } = request;
  const headers = { ...Object.fromEntries(request.headers), host: url.host };
  const isSecure = url.protocol === 'https:';
  const options: http.RequestOptions = { method, headers, signal, agent: false };
  if (!proxy) return exchange((isSecure ? https : http).request(url, options), body);
  if (!isSecure) {
    const all = { ...headers, ...authorization(proxy) };
    return exchange(
      clientOf(proxy).request({ ...place(proxy), ...options, path: url.href, headers: all }),
      body,
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const servername = isIP(host) ? '' : host; // TLS sends names only
  const secure = tls.connect({ socket: await tunnel(url, proxy, signal), host, servername });
  // An agent, even none, would make a connection of its own.
  return exchange(
    https.request(url, { method, headers, signal, createConnection: () => secure }),
    body,
  );
}

/** Where a proxy is. Its login is not for the host behind it. */
const place = (proxy: URL) => ({ ...urlToHttpOptions(proxy), auth: null });

const clientOf = ({ protocol }: URL) => (protocol === 'https:' ? https : http);

/** A connection to a host that the proxy only passes on: what goes through it is encrypted. */
async function tunnel(url: URL, proxy: URL, signal: AbortSignal | undefined): Promise<Socket> {
  const host = `${url.hostname}:${url.port || 443}`;
  const headers = { host, ...authorization(proxy) };
  const request = clientOf(proxy).request({
    ...place(proxy),
    method: 'CONNECT',
    signal,
    path: host,
    headers,
    agent: false,
  });
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('connect', ({ statusCode }: http.IncomingMessage, socket: Socket) => {
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy ${proxy.host} answered with status ${statusCode}`));
    });
    request.end();
  });
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
}

function exchange(request: http.ClientRequest, body: string | undefined) {
  return new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
    request.end(body);
  });
}

function toResponse(answer: http.IncomingMessage, url: URL): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headersDistinct)) {
    for (const one of value ?? []) headers.append(name, one);
  }
  const status = answer.statusCode ?? 0;
  const isEmpty = [204, 205, 304].includes(status);
  const body = Readable.toWeb(answer) as ReadableStream<Uint8Array>;
  const response = new Response(isEmpty ? null : body, { status, headers });
  return Object.defineProperty(response, 'url', { value: url.href });
}
