import { syncBuiltinESMExports } from 'node:module';
import readline from 'node:readline';
import promises from 'node:readline/promises';
import type { Questions } from '../protocol';
import { replace } from './replace';
import { CellStdin } from './stdin';

/** An interface of either module, with what the types leave out. */
type Interface = readline.Interface & { input?: unknown; closed: boolean };
type Options = { signal?: AbortSignal } | null | undefined;

/** The kernel's own: a cell may replace the global ones. */
const { AbortController } = globalThis;
const nextTick = process.nextTick.bind(process);

/**
 * Makes readline on `process.stdin` ask the user: the text of a question stands before the box, and
 * a loop asks when it wants its next line. Interfaces on other streams stay as they are.
 */
export function connectReadline(questions: Questions): void {
  const ask = (query: unknown, options: unknown): Promise<string> =>
    questions.ask(String(query), (options as Options)?.signal);
  const { prototype } = promises.Interface;

  for (const module of [readline, promises]) {
    for (const name of ['createInterface', 'Interface'] as const) registerEach(module, name);
  }
  onStdin(prototype, 'question', async (_, query, options) => ask(query, options));
  onStdin(readline.Interface.prototype, 'question', (_, query, ...rest) => {
    const callback = rest.find((each) => typeof each === 'function');
    if (callback === undefined) return;
    const call = (answer: string) => nextTick(callback, answer);
    ask(query, rest[0]).then(call, () => undefined);
  });
  onStdin(Object.getPrototypeOf(prototype) as object, Symbol.asyncIterator, (reader) =>
    lines(reader, questions),
  );
  syncBuiltinESMExports();
}

/** Registers the interfaces that a function or class of a module makes. */
function registerEach(module: object, name: string): void {
  const makers = module as Record<string, new () => Interface>;
  makers[name] = new Proxy(makers[name] as new () => Interface, {
    apply: (make, self, args) => register(Reflect.apply(make as never, self, args)),
    construct: (make, args, made) => register(Reflect.construct(make, args, made) as Interface),
  });
}

/** Tells the stream which interfaces are on it, and when one of them begins to wait for lines. */
function register(reader: Interface): Interface {
  const { input } = reader;
  if (!(input instanceof CellStdin)) return reader;
  input.interfaces.add(reader);
  reader.once('close', () => input.interfaces.delete(reader));
  return reader.on('newListener', (event) => {
    if (event === 'line') input.check();
  });
}

/** The lines of a loop, which closes its interface as Node's does. */
async function* lines(reader: Interface, questions: Questions): AsyncGenerator<string> {
  const closing = new AbortController();
  reader.once('close', () => closing.abort());
  try {
    while (!reader.closed) yield await questions.ask('', closing.signal);
  } catch (error) {
    if (!closing.signal.aborted) throw error;
  } finally {
    reader.close();
  }
}

/** Replaces a method for interfaces on the user's input that are open. */
function onStdin(
  prototype: object,
  name: string | symbol,
  method: (reader: Interface, ...args: unknown[]) => unknown,
): void {
  replace(
    prototype,
    name,
    (own) =>
      function (this: Interface, ...args: unknown[]): unknown {
        const asks = this.input instanceof CellStdin && !this.closed;
        return asks ? method(this, ...args) : own.apply(this, args);
      },
  );
}
