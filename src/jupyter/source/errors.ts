import fs from 'node:fs';
import path from 'node:path';
import { types } from 'node:util';
import { projectRoot } from '../../files/local';
import { literalOf, look, textOf, UNREADABLE } from '../protocol';
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
 * remaining frames show lines of the cell or of the TypeScript source. Never throws, though
 * reading the value runs code of the cell (getters, proxies) which may.
 */
export function describeThrown(thrown: unknown, cells: CellTraces): ErrorReport {
  const { ename, evalue, traceback } = look(() => report(thrown, cells), reportOther(UNREADABLE));
  return { ename: cut(ename), evalue: cut(evalue), traceback: traceback.map(cut) };
}

function report(thrown: unknown, cells: CellTraces): ErrorReport {
  if (isSigint(thrown)) return INTERRUPTED;
  if (!isError(thrown)) return reportOther(literalOf(thrown));
  const traceback = tracebackOf(thrown, cells);
  return { ename: textOf(thrown.name), evalue: textOf(thrown.message), traceback };
}

function cut(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** Reports a thrown value that is no Error. */
function reportOther(evalue: string): ErrorReport {
  return { ename: 'Thrown', evalue, traceback: [`Thrown: ${evalue}`] };
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
  const code = look(() => (thrown as { code?: unknown } | null | undefined)?.code, undefined);
  return code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
}

/** Whether this is an Error, of another realm too, such as one from `node:vm`. */
function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** What a report shows at most: errors, frames of each, and characters of a text. */
const MOST_ERRORS = 20;
const MOST_FRAMES = 50;
const MOST_CHARACTERS = 100_000;

/** Lists the lines of an error, then those of what caused it; each error once. */
function tracebackOf(thrown: Error, cells: CellTraces): string[] {
  const lines: string[] = [];
  const shown = new Set<Error>();
  const pending = [thrown];
  for (let error = pending.pop(); error; error = pending.pop()) {
    if (shown.has(error)) continue;
    if (shown.size > 0) lines.push('Caused by:');
    if (shown.size === MOST_ERRORS) return [...lines, 'more errors, which are not shown'];
    shown.add(error);
    lines.push(headOf(error), ...look(() => framesOf(error, cells), []));
    pending.push(...causesOf(error).reverse());
  }
  return lines;
}

function headOf(error: Error): string {
  return look(() => `${textOf(error.name)}: ${textOf(error.message)}`, `Error: ${UNREADABLE}`);
}

/** Lists the errors that an error names as its causes. */
function causesOf(error: Error): Error[] {
  const cause = look(() => error.cause, undefined);
  const parts = look(() => (error instanceof AggregateError ? partsOf(error) : []), []);
  return [...parts, cause].filter((part): part is Error => look(() => isError(part), false));
}

function partsOf({ errors }: AggregateError): unknown[] {
  return Array.isArray(errors) ? errors.slice(0, MOST_ERRORS) : [];
}

function framesOf(error: Error, cells: CellTraces): string[] {
  const frames: string[] = [];
  for (const line of stackOf(error)) {
    if (frames.length === MOST_FRAMES) break;
    const frame = frameOf(line, cells);
    if (frame !== undefined) frames.push(frame);
  }
  return frames;
}

/** Lists the lines of a stack. A cell's `Error.prepareStackTrace` may make it an array of call sites. */
function stackOf({ stack }: { stack?: unknown }): string[] {
  if (typeof stack === 'string') return stack.split('\n');
  return Array.isArray(stack) ? stack.map((site) => `    at ${String(site)}`) : [];
}

/** Returns a line of a stack as it is shown; undefined if it is left out. */
function frameOf(frame: string, cells: CellTraces): string | undefined {
  const parts = FRAME.exec(frame)?.groups;
  if (parts === undefined) return undefined;
  const { head = '', file = '', line = '', column = '' } = parts;
  const place = sourceOf({ file, line: Number(line), column: Number(column) }, cells);
  if (place === undefined) return undefined;
  // tslab calls functions of earlier cells through a proxy; leave its name out.
  return `${head.replace('at Proxy.', 'at ')}${place.file}:${place.line}:${place.column}${head.endsWith('(') ? ')' : ''}`;
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
  const trace = traceThrough(fs.readFileSync(map, 'utf8'));
  const source = look(() => trace(place.line, place.column), undefined);
  return source ? { ...source, file: path.resolve(path.dirname(map), source.file) } : place;
}
