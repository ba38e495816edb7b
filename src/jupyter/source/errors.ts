import fs from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { projectRoot } from '../../files/local';
import { type Place, type Trace, traceThrough } from './source-map';

/** An error in the form that Jupyter shows. */
export interface ErrorReport {
  ename: string;
  evalue: string;
  traceback: string[];
}

/** Report of a cell that the learner has stopped. */
export const INTERRUPTED: ErrorReport = {
  ename: 'Interrupted',
  evalue: 'the cell was stopped',
  traceback: ['Interrupted: the cell was stopped'],
};

/** Traces of the cells, by a cell's name in a stack (`In[3]`). */
export type CellTraces = Map<string, Trace>;

const FRAME =
  /^(?<head>\s+at (?:async )?(?:.* \()?)(?:file:\/\/)?(?<file>[^()\s][^()]*):(?<line>\d+):(?<column>\d+)\)?$/;
/** Folder of this wing, whose frames are left out. */
const JUPYTER = path.join(__dirname, '..');
const NOISE = [/^node:/, /^evalmachine/, /[\\/]node_modules[\\/]/];

/**
 * Describes a thrown value. The stack leaves out the frames of Node, the kernel and packages; the
 * remaining frames show lines of the cell or of the TypeScript source. Reading the value runs code
 * of the cell (getters, proxies), which may throw in turn.
 */
export function describeThrown(thrown: unknown, cells: CellTraces): ErrorReport {
  try {
    return report(thrown, cells);
  } catch {
    const evalue = 'a value that cannot be shown';
    return { ename: 'Thrown', evalue, traceback: [`Thrown: ${evalue}`] };
  }
}

function report(thrown: unknown, cells: CellTraces): ErrorReport {
  if (isSigint(thrown)) return INTERRUPTED;
  if (!(thrown instanceof Error)) {
    const evalue = inspect(thrown);
    return { ename: 'Thrown', evalue, traceback: [`Thrown: ${evalue}`] };
  }
  const { name, message } = thrown;
  return { ename: `${name}`, evalue: `${message}`, traceback: tracebackOf(thrown, cells) };
}

/** Describes why a cell did not compile; each line reads `line:column - message`. */
export function describeDiagnostics(diagnostics: string[]): ErrorReport {
  const traceback = diagnostics.map((line) => `TypeScriptError: ${line}`);
  if (diagnostics.some((line) => line.includes("Cannot find module '../src/"))) {
    traceback.push('Cells see the built project. Build it with: npm run build');
  }
  return { ename: 'TypeScriptError', evalue: diagnostics.join('\n'), traceback };
}

/** Whether this is the error with which Node ends synchronous code on SIGINT. */
function isSigint(thrown: unknown): boolean {
  return (thrown as { code?: unknown } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
}

function tracebackOf(error: Error, cells: CellTraces): string[] {
  const lines = [`${error.name}: ${error.message}`, ...framesOf(error, cells)];
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [error.cause];
  for (const cause of inner) {
    if (cause instanceof Error) lines.push('Caused by:', ...tracebackOf(cause, cells));
  }
  return lines;
}

function framesOf({ stack = '' }: Error, cells: CellTraces): string[] {
  return stack.split('\n').flatMap((frame) => {
    const parts = FRAME.exec(frame)?.groups;
    if (parts === undefined) return [];
    const { head = '', file = '', line = '', column = '' } = parts;
    const place = sourceOf({ file, line: Number(line), column: Number(column) }, cells);
    if (place === undefined) return [];
    // tslab calls functions of earlier cells through a proxy; leave its name out.
    return `${head.replace('at Proxy.', 'at ')}${place.file}:${place.line}:${place.column}${head.endsWith('(') ? ')' : ''}`;
  });
}

/** Finds the place to show for a frame; undefined if the frame is left out. */
function sourceOf(place: Place, cells: CellTraces): Place | undefined {
  const cell = cells.get(place.file);
  if (cell !== undefined) {
    const source = cell(place.line, place.column);
    return source && { ...source, file: place.file };
  }
  if (NOISE.some((noise) => noise.test(place.file)) || place.file.startsWith(JUPYTER)) {
    return undefined;
  }
  const source = sourceOfBuilt(place);
  return { ...source, file: source.file.replace(projectRoot + path.sep, '') };
}

function sourceOfBuilt(place: Place): Place {
  const map = `${place.file}.map`;
  if (!fs.existsSync(map)) return place;
  const source = traceThrough(fs.readFileSync(map, 'utf8'))(place.line, place.column);
  return source ? { ...source, file: path.resolve(path.dirname(map), source.file) } : place;
}
