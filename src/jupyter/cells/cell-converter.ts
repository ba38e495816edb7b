import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
// First: it mends the compiler that tslab loads.
import { outsideCells } from '../protocol';
import type { Trace } from '../source';
import { latestTrace } from './tslab-compiler';
import { createConverter, type Converter, type ConvertResult } from 'tslab/dist/converter';

/** Is told the way back to the source of each cell that has been compiled. */
export type TraceListener = (trace: Trace) => void;

/**
 * tslab's converter for cells that stand in `folder`, which is made if it is missing. It runs
 * outside the cell whose code it compiles: its file watchers outlive an interrupt.
 */
export function createCellConverter(folder: string, onCompiled: TraceListener): Converter {
  let converter = createConverterIn(folder);
  const compile = (previous: string, source: string): ConvertResult => {
    const result = converter.convert(previous, source);
    if (!missesBuiltModule(result, folder)) return result;
    converter.close();
    converter = createConverterIn(folder);
    return converter.convert(previous, source);
  };
  return {
    convert(previous, source): ConvertResult {
      const result = outsideCells(() => compile(previous, source));
      if (result.output) onCompiled(within(latestTrace(), result.output));
      return result;
    },
    inspect: (...args) => converter.inspect(...args),
    complete: (...args) => converter.complete(...args),
    addModule: (...args) => converter.addModule(...args),
    close: () => converter.close(),
  };
}

/** tslab takes the current directory, at this moment, for the place of the cells. */
function createConverterIn(folder: string): Converter {
  fs.mkdirSync(folder, { recursive: true });
  const notebookFolder = process.cwd();
  process.chdir(folder);
  try {
    return createConverter({ isJS: false, isBrowser: false });
  } finally {
    process.chdir(notebookFolder);
  }
}

/** TypeScript's number for "Cannot find module". */
const CANNOT_FIND_MODULE = 2307;

/**
 * Whether TypeScript misses a file that is there: its watcher takes a second to tell of a file
 * that was missing once, and does not watch for one at all in folders too near the root.
 */
function missesBuiltModule({ diagnostics }: ConvertResult, folder: string): boolean {
  const require = createRequire(path.join(folder, 'cell.js'));
  return diagnostics.some(({ code, messageText }) => {
    const [, module] = /'(\.[^']*)'/.exec(messageText) ?? [];
    if (code !== CANNOT_FIND_MODULE || module === undefined) return false;
    try {
      return require.resolve(module) !== '';
    } catch {
      return false;
    }
  });
}

/** Below the compiled cell stands only the code that tslab wraps around it. */
function within(trace: Trace, compiled: string): Trace {
  const lines = compiled.split('\n').length;
  return (line, column) => (line > lines ? undefined : trace(line, column));
}
