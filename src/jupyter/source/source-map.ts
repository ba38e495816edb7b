import { SourceMap, type SourceMapPayload } from 'node:module';

/** A place in a file; lines and columns count from 1, as in a stack trace. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** Leads from a place in compiled code back to its source; undefined where it has none. */
export type Trace = (line: number, column: number) => Place | undefined;

/** Reads a source map (its JSON text), and parses it anew for each question: errors are rare. */
export function traceThrough(map: string): Trace {
  return (line, column) => {
    const source = new SourceMap(JSON.parse(map) as SourceMapPayload);
    const entry = source.findEntry(line - 1, column - 1);
    if (!('originalLine' in entry)) return undefined;
    return {
      file: entry.originalSource,
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
    };
  };
}
