export { connectCells, DefinitionLog, definitionOf, describeError } from './definitions';
export type { Declaration, Definition } from './definitions';
export { describeDiagnostics, describeThrown, INTERRUPTED } from './errors';
export type { CellTraces, ErrorReport } from './errors';
export { traceThrough } from './source-map';
export type { Place, Trace } from './source-map';
