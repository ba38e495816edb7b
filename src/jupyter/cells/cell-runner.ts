import { format } from 'node:util';
import { createExecutor, type Executor } from 'tslab/dist/executor';
import {
  type CellTraces,
  DefinitionLog,
  describeDiagnostics,
  describeThrown,
  type ErrorReport,
} from '../source';
import { createCellConverter } from './cell-converter';
import { findDeclarations } from './declarations';
import { expandShorthand } from './shorthand';

/** tslab's compiler and executor, telling what happened instead of printing it. */
export interface CellRunner {
  /** For completion, inspection and interrupt. */
  executor: Executor;
  /** Which cell has defined which name. */
  definitions: DefinitionLog;
  /** Compiles and runs one cell; resolves to the error it ended with, if any. */
  run(code: string, name: string): Promise<ErrorReport | undefined>;
  /** Reports an error thrown outside `run`, such as an unhandled rejection. */
  describe(thrown: unknown): ErrorReport;
}

/**
 * Prepares to run cells as if they stood in `folder`: their relative imports start there. The
 * working directory stays the notebook's.
 */
export function createCellRunner(folder: string): CellRunner {
  const traces: CellTraces = new Map();
  const failure = new FailureSink();
  let current = '';
  const converter = createCellConverter(folder, (trace) => traces.set(current, trace));
  const named: typeof converter = {
    ...converter,
    convert(previous, source) {
      const expanded = expandShorthand(source, (name) => name in executor.locals);
      const result = converter.convert(previous, expanded);
      if (result.output) {
        // tslab takes a cell whose only `await` is a loop's for synchronous code.
        if (/\bfor\s+await\b/.test(result.output)) result.hasToplevelAwait = true;
        // The name of the cell in stack traces.
        result.output += `\n//# sourceURL=${current}`;
      }
      return result;
    },
  };
  const executor: Executor = createExecutor(
    folder,
    { node: named, browser: named, close: () => converter.close() },
    { log: (value) => console.log(value), error: (...args) => failure.take(args) },
  );
  const definitions = new DefinitionLog(executor.locals);
  const execute = async (code: string): Promise<ErrorReport | undefined> => {
    failure.reset();
    // It rejects where it should not, such as for a last value that cannot be printed.
    const succeeded = await executor.execute(code).catch((error: unknown) => {
      failure.thrown = error;
      return false;
    });
    if (succeeded) {
      // A module cell (`@module`) is kept in spite of its errors.
      failure.diagnostics.forEach((line) => console.error(line));
      return undefined;
    }
    if (failure.diagnostics.length > 0) return describeDiagnostics(failure.diagnostics);
    return describeThrown(failure.thrown, traces);
  };
  return {
    executor,
    definitions,
    async run(code, name): Promise<ErrorReport | undefined> {
      current = name;
      const end = definitions.begin(name, findDeclarations(code));
      const error = await execute(code);
      end(error);
      return error;
    },
    describe: (thrown) => describeThrown(thrown, traces),
  };
}

/** Takes what tslab would print: compile errors with a format string, a thrown value alone. */
class FailureSink {
  diagnostics: string[] = [];
  thrown: unknown;

  reset(): void {
    this.diagnostics = [];
    this.thrown = undefined;
  }

  take(args: unknown[]): void {
    if (args.length > 1) this.diagnostics.push(format(...args));
    else this.thrown = args[0];
  }
}
