import { createHmac, randomUUID } from 'node:crypto';
import { ArgumentError } from '../../tensor/errors';

/** Version of Jupyter's wire protocol, https://jupyter-client.readthedocs.io/en/stable/messaging.html */
export const PROTOCOL_VERSION = '5.3';

const DELIMITER = Buffer.from('<IDS|MSG>');
const SESSION = randomUUID();
/** Levels of nesting that Python's reader and Jupyter's files bear with room to spare. */
const DEEPEST = 200;
/** The kernel's own: a cell may replace the global ones. */
const { Date } = globalThis;
const { parse, stringify } = JSON;

/** Sender and type of a message. A reply carries the request's header as its parent. */
export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  date: string;
  version: string;
}

/**
 * A received request; `route` is the address of its sender, to which the reply goes. The answer to
 * a question names it as its parent; in other requests, and from some front ends, that is empty.
 */
export interface Request {
  route: Buffer[];
  header: Header;
  parent: Partial<Header>;
  content: Record<string, unknown>;
}

/** A message to send: type, content, and the header of the request it answers. */
export interface Outgoing {
  /** by default a new one */
  id?: string;
  route: (Buffer | string)[];
  type: string;
  content: object;
  parent: Header;
}

/** Key and scheme that sign the frames of a connection; an empty key means no signature. */
export interface Signing {
  key: string;
  signature_scheme: string;
}

function sign(frames: (Buffer | string)[], { key, signature_scheme }: Signing): string {
  if (key === '') return '';
  const hmac = createHmac(signature_scheme.replace('hmac-', ''), key);
  for (const frame of frames) hmac.update(frame);
  return hmac.digest('hex');
}

/**
 * Reads the frames [...route, delimiter, signature, header, parent, metadata, content, ...buffers].
 * @throws Error if they are not a message or not signed with the connection's key
 */
export function parseRequest(frames: Buffer[], signing: Signing): Request {
  const delimiter = frames.findIndex((frame) => frame.equals(DELIMITER));
  const [signature, ...parts] = frames.slice(delimiter + 1);
  const [header, parent, , content] = parts;
  if (delimiter < 0 || !signature || !header || !parent || !content) {
    throw new Error(`parseRequest: frames must be a Jupyter message, got ${frames.length} frames.`);
  }
  if (signature.toString() !== sign(parts.slice(0, 4), signing)) {
    throw new Error('parseRequest: signature must match the connection key, got a different one.');
  }
  return {
    route: frames.slice(0, delimiter),
    header: parse(header.toString()) as Header,
    parent: parse(parent.toString()) as Partial<Header>,
    content: parse(content.toString()) as Record<string, unknown>,
  };
}

/**
 * Writes JSON that is valid Unicode. Half of a surrogate pair, such as `'😀'[0]`, becomes U+FFFD,
 * in texts and in names of properties: with one, Jupyter could not save the notebook.
 * @throws ArgumentError if the part, such as the data of a display, is nested too deeply
 */
function toJson(part: object): string {
  const json = stringify(part);
  if (isDeeperThan(DEEPEST, json)) {
    throw new ArgumentError(
      `display: data must be nested at most ${DEEPEST} levels deep, got more. Jupyter could not read it: show a part, or print it.`,
    );
  }
  // `stringify` escapes halves, and pairs never. A backslash of the text itself is an escaped one.
  return json.replace(/\\(?:u[dD][89a-fA-F][0-9a-fA-F]{2}|.)/g, (escape) =>
    escape.length === 6 ? '\ufffd' : escape,
  );
}

/** Whether objects and lists in JSON are nested deeper than some levels. */
function isDeeperThan(levels: number, json: string): boolean {
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const sign = json[i];
    if (sign === '"') i = endOfText(json, i);
    else if (sign === '{' || sign === '[') depth++;
    else if (sign === '}' || sign === ']') depth--;
    if (depth > levels) return true;
  }
  return false;
}

/** The place of the quote that ends the text which starts at a quote: one that is not escaped. */
function endOfText(json: string, start: number): number {
  for (let end = start; ;) {
    end = json.indexOf('"', end + 1);
    let first = end;
    while (json[first - 1] === '\\') first--;
    if ((end - first) % 2 === 0) return end;
  }
}

/** Makes the signed frames of one outgoing message. */
export function formatMessage(message: Outgoing, signing: Signing): (Buffer | string)[] {
  const header: Header = {
    msg_id: message.id ?? randomUUID(),
    msg_type: message.type,
    session: SESSION,
    username: 'kernel',
    date: new Date().toISOString(),
    version: PROTOCOL_VERSION,
  };
  const parts = [header, message.parent, {}, message.content].map(toJson);
  return [...message.route, DELIMITER, sign(parts, signing), ...parts];
}
