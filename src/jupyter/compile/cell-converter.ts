import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
// Must be imported before tslab: it repairs the compiler that tslab loads.
import { latestCell } from './tslab-compiler';
import { createConverter, type Converter, type ConvertResult } from 'tslab/dist/converter';
import { getCodeMetadata } from 'tslab/dist/metadata';
import { outsideCells, withOwnGlobals } from '../protocol';
import type { CellTraces, Trace } from '../source';
import { type Declared, mergeDeclarations } from './merge-declarations';
import { expandShorthand } from './shorthand';
import { findTakenNames } from './taken-names';

/** Name under which tslab finds the last value of a cell, apart from the cell's variables. */
export const LAST = 'last';

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
  /** declarations of the variables and types that a cell finds: a `.d.ts` file */
  private declarations = '';
  /** what the cell that was compiled last is to declare */
  private next: Declared | undefined;
  private prepared: { source: string; result: ConvertResult } | undefined;
  /** Cells that are modules (`@module`), by name. */
  private readonly modules = new Map<string, Parameters<Converter['addModule']>>();

  /** @param isDefined whether an earlier cell has defined a name */
  constructor(
    private readonly folder: string,
    private readonly isDefined: (name: string) => boolean,
  ) {
    this.converter = createConverterIn(folder);
  }

  /**
   * Compiles a cell before tslab asks for it. Of a module (`@module`) tslab does not ask.
   * @returns what is probably amiss in a cell that compiles; each line reads `line:column - message`
   * @throws TypeScriptError if the compiler itself fails, as `inspect` and the others do
   */
  prepare(source: string): readonly string[] {
    if (getCodeMetadata(source).module) return [];
    const result = this.convert('', source);
    this.prepared = { source, result };
    return result.output ? latestCell().warnings : [];
  }

  convert(_previous: string, source: string): ConvertResult {
    const { prepared } = this;
    this.prepared = undefined;
    if (prepared?.source === source) return prepared.result;
    this.next = undefined;
    const result = this.guard(() => {
      const taken = findTakenNames(source);
      if (taken.length > 0) return { diagnostics: taken };
      const expanded = expandShorthand(source, this.isDefined);
      return this.compile(expanded);
    });
    if (!result.output) return result;
    const { trace, names, awaits } = latestCell();
    this.next = { before: this.declarations, after: result.declOutput ?? '', names };
    this.traces.set(this.cellName, withinCell(trace, result.output));
    if (result.lastExpressionVar !== undefined) result.lastExpressionVar = LAST;
    result.hasToplevelAwait = awaits;
    result.output += `\n//# sourceURL=${this.cellName}`;
    return result;
  }

  /** Ends the cell that was compiled last; it has declared the variables in `reached`. */
  settle(reached: ReadonlySet<string>): void {
    if (this.next) this.declarations = mergeDeclarations(this.next, reached);
    this.next = undefined;
  }

  inspect(_previous: string, source: string, place: number): ReturnType<Converter['inspect']> {
    return this.guard(() => this.converter.inspect(this.declarations, source, place));
  }

  complete(_previous: string, source: string, place: number): ReturnType<Converter['complete']> {
    return this.guard(() => this.converter.complete(this.declarations, source, place));
  }

  addModule(...args: Parameters<Converter['addModule']>): ReturnType<Converter['addModule']> {
    this.modules.set(args[0], args);
    return this.guard(() => this.converter.addModule(...args));
  }

  close(): void {
    this.converter.close();
  }

  /** Compiles with tslab. A new converter sees modules that were built after this one looked. */
  private compile(source: string): ConvertResult {
    const result = this.converter.convert(this.declarations, source);
    if (!missesBuiltModule(result, this.folder)) return result;
    this.renew();
    return this.converter.convert(this.declarations, source);
  }

  /**
   * Runs the compiler apart from the cell, whose interrupt must not stop its file watchers. If it
   * fails, its state is half that of the code at which it failed: the next cell gets a new one.
   */
  private guard<T>(work: () => T): T {
    const guarded = (): T => {
      try {
        return work();
      } catch (failure) {
        this.renew();
        throw new TypeScriptError(failure);
      }
    };
    return outsideCells(() => withOwnGlobals(guarded));
  }

  private renew(): void {
    this.converter.close();
    this.converter = createConverterIn(this.folder);
    for (const module of this.modules.values()) this.converter.addModule(...module);
  }
}

/** The compiler fails, rather than finding a mistake. It walks code recursively. */
class TypeScriptError extends Error {
  override readonly name = 'TypeScriptError';

  constructor(failure: unknown) {
    const nested = failure instanceof RangeError ? 'The cell is nested too deeply. ' : '';
    super(`The compiler cannot read this cell. ${nested}`.trim(), { cause: failure });
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
