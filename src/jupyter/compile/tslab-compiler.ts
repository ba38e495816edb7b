import * as typescript from '@tslab/typescript-for-tslab';
import { type Trace, traceThrough } from '../source';
import { IMPORT_OPTIONS, resolveImports } from './resolve-imports';
import { adviseOnTensors } from './tensor-operators';

/**
 * Replaces three functions of the TypeScript module that tslab loads, by a changed copy of the
 * module in Node's cache. This file must be imported before tslab.
 */
const cached = require.cache[require.resolve('@tslab/typescript-for-tslab')];
if (cached !== undefined) {
  cached.exports = {
    ...typescript,
    createWatchCompilerHost,
    getPreEmitDiagnosticsOfFiles,
    transpileModule,
  };
}

/** Lists the compile errors of a cell, with advice. */
function getPreEmitDiagnosticsOfFiles(
  program: typescript.Program,
  files: typescript.SourceFile[],
): readonly typescript.Diagnostic[] {
  const diagnostics = typescript.getPreEmitDiagnosticsOfFiles(program, files);
  return adviseOnTensors(diagnostics, program.getTypeChecker());
}

let latest: Trace = () => undefined;

/** Returns the trace of the code that tslab has compiled last. */
export function latestTrace(): Trace {
  return latest;
}

interface WatchHost {
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** Adds source maps to tslab's first compilation of a cell, from TypeScript to an ES module. */
function createWatchCompilerHost(files: string[], options: object, ...rest: unknown[]): WatchHost {
  const create = typescript.createWatchCompilerHost as unknown as (...args: unknown[]) => WatchHost;
  const host = create(files, { ...options, ...IMPORT_OPTIONS, inlineSourceMap: true }, ...rest);
  queueTimers(host);
  resolveImports(host);
  return host;
}

/**
 * Lets any number of timers share the one that tslab allows. tslab's `setTimeout` keeps a callback
 * until the next cell, and throws if it already has one. TypeScript uses two, for a changed file
 * and for a missing file that appears; with both pending, no cell would compile again.
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

/** Does tslab's second compilation, to CommonJS, and joins its source map with the first one. */
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

/** Lines that tslab puts above a cell. */
const PREFIX_LINES = 1;

function traceCell(first: Trace, second: Trace): Trace {
  return (line, column) => {
    const inModule = second(line, column);
    const source = inModule && first(inModule.line, inModule.column);
    return source && { ...source, line: source.line - PREFIX_LINES };
  };
}
