import * as typescript from '@tslab/typescript-for-tslab';
import { type Trace, traceThrough } from '../source';

/**
 * The compiler that tslab loads, mended in two places. This file puts a copy of the TypeScript
 * module in Node's module cache with two functions replaced; it must be imported before tslab.
 */
const cached = require.cache[require.resolve('@tslab/typescript-for-tslab')];
if (cached !== undefined) {
  cached.exports = { ...typescript, createWatchCompilerHost, transpileModule };
}

let latest: Trace = () => undefined;

/** The way back to the source for the code that tslab has compiled last. */
export function latestTrace(): Trace {
  return latest;
}

interface WatchHost {
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** tslab compiles a cell twice, TypeScript to an ES module and that to CommonJS: this is the first. */
function createWatchCompilerHost(files: string[], options: object, ...rest: unknown[]): WatchHost {
  const create = typescript.createWatchCompilerHost as unknown as (...args: unknown[]) => WatchHost;
  const host = create(files, { ...options, inlineSourceMap: true }, ...rest);
  queueTimers(host);
  return host;
}

/**
 * tslab's `setTimeout` keeps a callback until the next cell, and throws if it has one already.
 * TypeScript has two: a changed file, and a file that appears where one was missing. With both
 * pending no cell would compile again. Here any number share the one that tslab keeps.
 */
function queueTimers(host: WatchHost): void {
  const keep = host.setTimeout.bind(host);
  const due = new Set<{ callback: () => void }>();
  let kept = false;
  const runDue = (): void => {
    for (const timer of due) {
      due.delete(timer);
      timer.callback();
    }
    kept = false;
  };
  host.setTimeout = (callback, ms): unknown => {
    const timer = { callback };
    due.add(timer);
    if (!kept) keep(runDue, ms);
    kept = true;
    return timer;
  };
  host.clearTimeout = (timer): void => {
    due.delete(timer as { callback: () => void });
  };
}

const INLINE_MAP = '//# sourceMappingURL=data:application/json;base64,';

/** The second compilation, of what the first has made with a map inside. */
function transpileModule(
  input: string,
  options: typescript.TranspileOptions,
): typescript.TranspileOutput {
  const end = input.lastIndexOf(INLINE_MAP);
  const code = end < 0 ? input : input.slice(0, end);
  const compilerOptions = { ...options.compilerOptions, sourceMap: true };
  const result = typescript.transpileModule(code, { ...options, compilerOptions });
  if (end >= 0 && result.sourceMapText !== undefined) {
    const firstMap = Buffer.from(input.slice(end + INLINE_MAP.length), 'base64').toString();
    latest = traceCell(traceThrough(firstMap), traceThrough(result.sourceMapText));
  }
  return { ...result, outputText: result.outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, '') };
}

/** tslab compiles a cell below one line of its own. */
const PREFIX_LINES = 1;

function traceCell(first: Trace, second: Trace): Trace {
  return (line, column) => {
    const inModule = second(line, column);
    const source = inModule && first(inModule.line, inModule.column);
    return source && { ...source, line: source.line - PREFIX_LINES };
  };
}
