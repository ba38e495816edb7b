import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
// Must be imported before tslab: it repairs the compiler that tslab loads.
import { latestTrace } from './tslab-compiler';
import { createConverter, type Converter, type ConvertResult } from 'tslab/dist/converter';
import { outsideCells } from '../protocol';
import type { CellTraces, Trace } from '../source';
import { expandShorthand } from './shorthand';

/**
 * Compiles cells as if they were files of `folder`, which is created if it is missing: tslab's
 * converter, with names for cells, source maps, and two repairs of the code that tslab gets.
 */
export class CellConverter implements Converter {
  /** Traces of the compiled cells, by name. */
  readonly traces: CellTraces = new Map();
  /** Name of the cell that is compiled next, such as `In[3]`; it appears in stack traces. */
  cellName = '';
  private converter: Converter;

  /** @param isDefined whether an earlier cell has defined a name */
  constructor(
    private readonly folder: string,
    private readonly isDefined: (name: string) => boolean,
  ) {
    this.converter = createConverterIn(folder);
  }

  convert(previous: string, source: string): ConvertResult {
    const expanded = expandShorthand(source, this.isDefined);
    // tslab's file watchers outlive an interrupt of the cell whose code is compiled.
    const result = outsideCells(() => this.compile(previous, expanded));
    if (!result.output) return result;
    this.traces.set(this.cellName, withinCell(latestTrace(), result.output));
    // tslab takes a cell whose only `await` is in `for await` for synchronous code.
    if (/\bfor\s+await\b/.test(result.output)) result.hasToplevelAwait = true;
    result.output += `\n//# sourceURL=${this.cellName}`;
    return result;
  }

  inspect(...args: Parameters<Converter['inspect']>): ReturnType<Converter['inspect']> {
    return this.converter.inspect(...args);
  }

  complete(...args: Parameters<Converter['complete']>): ReturnType<Converter['complete']> {
    return this.converter.complete(...args);
  }

  addModule(...args: Parameters<Converter['addModule']>): ReturnType<Converter['addModule']> {
    return this.converter.addModule(...args);
  }

  close(): void {
    this.converter.close();
  }

  /** Compiles with tslab. A new converter sees modules that were built after this one looked. */
  private compile(previous: string, source: string): ConvertResult {
    const result = this.converter.convert(previous, source);
    if (!missesBuiltModule(result, this.folder)) return result;
    this.converter.close();
    this.converter = createConverterIn(this.folder);
    return this.converter.convert(previous, source);
  }
}

/** Creates tslab's converter, which takes the current directory for the folder of the cells. */
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
 * Whether TypeScript reports a module as missing that exists: its watcher notices a new file
 * after a second, and never in folders too near the root.
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

/** Limits a trace to the compiled cell: the lines below it are the code that tslab adds. */
function withinCell(trace: Trace, compiled: string): Trace {
  const lines = compiled.split('\n').length;
  return (line, column) => (line > lines ? undefined : trace(line, column));
}
