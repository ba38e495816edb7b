import { format } from 'node:util';
// Must be imported before tslab: it repairs the compiler that tslab loads.
import {
  BesideModules,
  CellConverter,
  findDeclarations,
  type KernelCalls,
  LAST,
  setImportFolders,
} from '../compile';
import { createExecutor, type Executor } from 'tslab/dist/executor';
import { closeGroups } from '../display';
import { literalOf, look, runningCell } from '../protocol';
import { DefinitionLog, describeDiagnostics, describeThrown, type ErrorReport } from '../source';
import { nextTurn, turn, turnPromise } from './turns';
import { Variables } from './variables';

/** The kernel's own: a cell may replace the global one. */
const { console } = globalThis;

/**
 * Compiles and runs cells with tslab, and returns errors instead of printing them. Cells run as if
 * they were files of `folder`: their relative imports start there, then in the working directory,
 * which is the notebook's.
 */
export class CellRunner {
  /** tslab's executor, also for completion, inspection and interrupt; its own variables are not used. */
  readonly executor: Executor;
  /** Records which cell has defined which name. */
  readonly definitions: DefinitionLog;
  private readonly converter: CellConverter;
  private readonly beside: BesideModules;
  private readonly variables = new Variables();
  private readonly failure = new FailureSink();
  /** Receives the last value of the cell that runs, unless it is null or undefined. */
  private takeLast: (value: unknown) => void = print;

  constructor(folder: string) {
    const folders = { cells: folder, notebook: process.cwd() };
    setImportFolders(folders);
    this.converter = new CellConverter(folder, (name) =>
      Object.hasOwn(this.variables.values, name),
    );
    this.executor = createExecutor(
      folder,
      { node: this.converter, browser: this.converter, close: () => this.converter.close() },
      { log: (value) => this.takeLast(value), error: (...args) => this.failure.take(args) },
    );
    this.beside = new BesideModules(folders, this.converter.traces);
    const calls: KernelCalls = {
      publish: this.variables.publish,
      last: (value) => (this.executor.locals[LAST] = value),
      turn,
      turnPromise,
    };
    keepGlobal('__tslab__', { ...calls, exports: this.variables.values });
    this.definitions = new DefinitionLog(this.variables.values);
  }

  /**
   * Runs one cell; `name` is its name in stack traces, and a silent cell does not print its last
   * value. Resolves to the error it ended with, if any.
   */
  async run(code: string, name: string, { silent = false } = {}): Promise<ErrorReport | undefined> {
    this.converter.cellName = name;
    this.takeLast = silent ? () => undefined : print;
    this.beside.refresh();
    // The compiler overflows the stack at a few thousand nested brackets.
    const declared = look(() => findDeclarations(code), []);
    const end = this.definitions.begin(name, declared);
    const error = await this.execute(code);
    closeGroups();
    end(error);
    return error;
  }

  /** Evaluates an expression after a cell. Resolves to its value as text, or to its error. */
  async evaluate(expression: string): Promise<string | ErrorReport> {
    let text = '';
    this.converter.cellName = 'expression';
    this.takeLast = (values) => (text = literalOf((values as [unknown])[0]));
    // In an array, since tslab passes neither null nor undefined on.
    return (await this.execute(`[(${expression}\n)]`)) ?? text;
  }

  /** Describes an error thrown outside `run`, such as an unhandled rejection. */
  describe(thrown: unknown): ErrorReport {
    return describeThrown(thrown, this.converter.traces);
  }

  private async execute(code: string): Promise<ErrorReport | undefined> {
    this.failure.reset();
    const reached = this.variables.begin();
    // tslab rejects, rather than returning false, when a last value cannot be printed.
    const succeeded = await this.compileAndRun(code).catch((error: unknown) => {
      this.failure.thrown = error;
      return false;
    });
    this.converter.settle(reached);
    const { diagnostics, thrown } = this.failure;
    if (succeeded) {
      // tslab keeps a module cell (`@module`) in spite of its compile errors.
      diagnostics.forEach((line) => console.error(line));
      return undefined;
    }
    return diagnostics.length > 0 ? describeDiagnostics(diagnostics) : this.describe(thrown);
  }

  /** Resolves to whether the cell has succeeded, or was interrupted before it began. */
  private async compileAndRun(code: string): Promise<boolean> {
    const warnings = this.converter.prepare(code);
    warnings.forEach((line) => console.error(`Warning: ${line}`));
    // A SIGINT that arrived meanwhile would be lost once the code runs: Node then takes off the
    // kernel's listener.
    await nextTurn();
    await nextTurn();
    return runningCell()?.interrupted === true || this.executor.execute(code);
  }
}

/** Adds to a global object of tslab, and keeps cells from replacing it: none would run without. */
function keepGlobal(name: string, members: object): void {
  const value = (globalThis as unknown as Record<string, object>)[name];
  Object.defineProperty(globalThis, name, {
    value: Object.freeze({ ...value, ...members }),
    writable: false,
    configurable: false,
  });
}

function print(value: unknown): void {
  console.log(value);
}

/** Collects what tslab would print: compile errors with a format string, a thrown value alone. */
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
