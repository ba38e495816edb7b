import { SourceMap, type SourceMapPayload } from 'node:module';

/** A place in a file; lines and columns count from 1, as in a stack trace. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** Maps a place in compiled code to its source; undefined if it has none. */
export type Trace = (line: number, column: number) => Place | undefined;

/** Creates the trace of a source map (JSON text), parsed again at each call: errors are rare. */
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
