import path from 'node:path';
import * as typescript from '@tslab/typescript-for-tslab';
import { type Place, type Trace, traceThrough } from '../source';
import { findIdleCalls, findLostElements } from './advice/forgotten-awaits';
import { VariablePublisher } from './rewrite/publish-variables';
import { adviseOnHabits } from './advice/habits';
import { IMPORT_OPTIONS, resolveImports } from './resolve-imports';
import { awaitsAtTopLevel, forgetFirstReadings } from './top-level-await';
import { turnAtAwaits } from './rewrite/turn-at-awaits';

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

/** The warnings about the cell that was checked last. */
let warnings: string[] = [];

/** Lists the compile errors of a cell, with advice. */
function getPreEmitDiagnosticsOfFiles(
  program: typescript.Program,
  files: typescript.SourceFile[],
): readonly typescript.Diagnostic[] {
  const diagnostics = typescript.getPreEmitDiagnosticsOfFiles(program, files);
  const checker = program.getTypeChecker();
  warnings = files.flatMap((file) =>
    findIdleCalls(file, checker).map(({ start, text }) => {
      const { line, character } = file.getLineAndCharacterOfPosition(start);
      return `${line + 1 - PREFIX_LINES}:${character + 1} - ${text}`;
    }),
  );
  return [
    ...adviseOnHabits(diagnostics, checker),
    ...files.flatMap((file) => findLostElements(file, checker)),
  ];
}

/** A compiled cell. */
interface Compiled {
  trace: Trace;
  /** the variables that it declares */
  names: ReadonlySet<string>;
  /** whether it awaits outside its functions */
  awaits: boolean;
  /** what is probably amiss; each line reads `line:column - message` */
  warnings: readonly string[];
}

let latest: Compiled = { trace: () => undefined, names: new Set(), awaits: false, warnings: [] };

/** Returns the cell that tslab has compiled last. */
export function latestCell(): Compiled {
  return latest;
}

interface WatchHost {
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** Declares what is missing in this TypeScript's ES2023, which Node has. */
const ARRAYS = path.join(__dirname, 'es2023-arrays.d.ts');

/**
 * Adds source maps and ES2023 to tslab's first compilation of a cell, from TypeScript to an ES
 * module.
 */
function createWatchCompilerHost(
  files: string[],
  options: { lib: string[] },
  ...rest: unknown[]
): WatchHost {
  const create = typescript.createWatchCompilerHost as unknown as (...args: unknown[]) => WatchHost;
  const lib = [...options.lib, 'lib.es2023.d.ts'];
  const added = { lib, ...IMPORT_OPTIONS, inlineSourceMap: true };
  const host = create([...files, ARRAYS], { ...options, ...added }, ...rest);
  queueTimers(host);
  resolveImports(host);
  forgetFirstReadings(host);
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

/**
 * Does tslab's second compilation, to CommonJS, after one of our own that lets a cell work with the
 * kernel (`VariablePublisher`, `turnAtAwaits`), and joins the source maps of all three.
 */
function transpileModule(
  input: string,
  options: typescript.TranspileOptions,
): typescript.TranspileOutput {
  const end = input.lastIndexOf(INLINE_MAP);
  if (end < 0) return typescript.transpileModule(input, options);
  const firstMap = Buffer.from(input.slice(end + INLINE_MAP.length), 'base64').toString();
  const publisher = isCell(firstMap) ? new VariablePublisher() : undefined;
  let awaits = false;
  const noteAwaits = () => (file: typescript.SourceFile) => {
    awaits = awaitsAtTopLevel(file);
    return file;
  };
  const compilerOptions = { ...options.compilerOptions, sourceMap: true };
  const between = typescript.transpileModule(input.slice(0, end), {
    ...options,
    compilerOptions: { ...compilerOptions, module: typescript.ModuleKind.ESNext },
    transformers: {
      before: [noteAwaits, ...(publisher ? [() => publisher.transform] : []), turnAtAwaits],
    },
  });
  const code = withoutMap(between.outputText);
  const result = typescript.transpileModule(code, { ...options, compilerOptions });
  const maps = [firstMap, between.sourceMapText ?? '', result.sourceMapText ?? ''];
  if (publisher) {
    const trace = traceCell(maps.map(traceThrough));
    latest = { trace, names: publisher.names, awaits, warnings };
  }
  return { ...result, outputText: withoutMap(result.outputText) };
}

/** Whether the code is a cell, rather than a module (`@module`) that cells import. */
function isCell(firstMap: string): boolean {
  const { sources } = JSON.parse(firstMap) as { sources: string[] };
  return sources.some((source) => path.basename(source) === '__tslab__.ts');
}

function withoutMap(code: string): string {
  return code.replace(/\/\/# sourceMappingURL=.*\s*$/, '');
}

/** Lines that tslab puts above a cell. */
const PREFIX_LINES = 1;

/** Traces code of the last compilation through all, the first of which read the cell. */
function traceCell(compilations: Trace[]): Trace {
  return (line, column) => {
    let place: Place | undefined = { file: '', line, column };
    for (const trace of [...compilations].reverse()) {
      place = place && trace(place.line, place.column);
    }
    return place && { ...place, line: place.line - PREFIX_LINES };
  };
}
