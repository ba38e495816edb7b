import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** A request that the hub, or the other host that keeps its large files, got. */
export interface Asked {
  /** the hub, or the host that it redirects to for large files */
  host: 'hub' | 'cdn';
  /** method and path */
  line: string;
  range: string;
  authorization: string;
}

/**
 * A server on this machine that behaves as the hub does: it names the commit, lists files, redirects
 * for large ones to another host, and serves ranges.
 */
export interface HubPeer {
  url: string;
  /** the address of the other host */
  cdn: string;
  asked: Asked[];
  /** Answers a request in the hub's place; true if it did. */
  instead: (asked: Asked, response: ServerResponse, content: Buffer | undefined) => boolean;
  close: () => Promise<void>;
}

/** Starts a hub that has these folders, by name; that of a data set is `datasets/owner/name`. */
export async function startHub(models: Record<string, string>): Promise<HubPeer> {
  const servers: Server[] = [];
  const peer: HubPeer = {
    url: '',
    cdn: '',
    asked: [],
    instead: () => false,
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
  const listen = async (host: Asked['host'], answer: (...args: Exchange) => void) => {
    const server = createServer((request, response) => {
      const { range = '', authorization = '' } = request.headers;
      const { pathname } = new URL(request.url ?? '', 'http://hub');
      const asked = { host, line: `${request.method} ${pathname}`, range, authorization };
      peer.asked.push(asked);
      const content = contentOf(models, pathname);
      if (!peer.instead(asked, response, content)) answer(request, response, pathname, content);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  // Another name is another host for a browser, and for fetch.
  peer.cdn = `http://localhost:${await listen('cdn', (_, response, __, content) => sendPart(response, content))}`;
  const port = await listen('hub', (request, response, pathname, content) =>
    answerAsHub(models, peer.cdn, request, response, pathname, content),
  );
  peer.url = `http://127.0.0.1:${port}`;
  return peer;
}

type Exchange = [IncomingMessage, ServerResponse, string, Buffer | undefined];

function answerAsHub(models: Record<string, string>, cdn: string, ...exchange: Exchange): void {
  const [request, response, pathname, content] = exchange;
  const [, name = '', , rest = ''] =
    /^\/(?:api\/(?:models\/)?)?(.+?)\/(revision|paths-info|tree|resolve)\/(.+)$/.exec(pathname) ??
    [];
  const folder = models[name];
  if (folder === undefined) sendJson(response, { error: 'Repository not found' }, 404);
  else if (pathname.includes('/revision/')) sendJson(response, { _id: '1', id: name, sha: COMMIT });
  else if (pathname.includes('/tree/')) {
    sendJson(
      response,
      readdirSync(folder).flatMap((file) => describeFile(folder, file)),
    );
  } else if (pathname.includes('/paths-info/')) {
    request.once('data', (body: Buffer) => {
      const { paths } = JSON.parse(body.toString()) as { paths: string[] };
      sendJson(
        response,
        paths.flatMap((file) => describeFile(folder, file)),
      );
    });
  } else if (!content) sendJson(response, { error: `no ${rest}` }, 404, 'EntryNotFound');
  else if (!isLarge(pathname)) sendPart(response, content);
  else if (request.headers.accept?.includes('xet')) sendXet(response, content);
  else response.writeHead(302, { Location: cdn + pathname }).end();
}

const isLarge = (file: string) => /\.(safetensors|bin)$/.test(file);

function contentOf(models: Record<string, string>, pathname: string): Buffer | undefined {
  const [, name = '', file = ''] = /^\/(.+?)\/resolve\/[^/]+\/(.+)$/.exec(pathname) ?? [];
  const at = path.join(models[name] ?? '', file);
  return file && existsSync(at) ? readFileSync(at) : undefined;
}

function describeFile(folder: string, file: string): object[] {
  const at = path.join(folder, file);
  if (!existsSync(at)) return [];
  if (statSync(at).isDirectory()) return [{ type: 'directory', path: file, size: 0 }];
  const content = readFileSync(at);
  const { length } = content;
  const oid = createHash('sha1').update(`blob ${length}\0`).update(content).digest('hex');
  const lfs = { oid: sha256(content), size: length, pointerSize: 130 };
  return [{ type: 'file', path: file, oid, size: length, ...(isLarge(file) && { lfs }) }];
}

/** The checksum of a large file. */
export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export function sendJson(response: ServerResponse, body: unknown, status = 200, code = ''): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    ...(code && { 'X-Error-Code': code }),
  });
  response.end(JSON.stringify(body));
}

function sendXet(response: ServerResponse, content: Buffer): void {
  const link = (rel: string) => `<http://127.0.0.1:1/${rel}>; rel="${rel}"`;
  response.writeHead(200, {
    'Content-Type': 'application/vnd.xet-fileinfo+json',
    'X-Linked-Size': content.length,
    'X-Linked-ETag': `"${sha256(content)}"`,
    'X-Xet-Hash': sha256(content),
    Link: `${link('xet-auth')}, ${link('xet-reconstruction-info')}`,
  });
  response.end('{}');
}

/** Sends a file, or a range of it: by default the one that was asked for. */
export function sendPart(
  response: ServerResponse,
  content: Buffer = Buffer.alloc(0),
  range = response.req.headers.range ?? '',
): void {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  const part = from ? content.subarray(Number(from), Number(to) + 1) : content;
  response.writeHead(from ? 206 : 200, {
    ETag: '"x"',
    'Content-Length': part.length,
    ...(from && { 'Content-Range': `bytes ${from}-${to}/${content.length}` }),
  });
  response.end(part);
}
