export { BesideModules } from './beside-modules';
export type { KernelCalls } from './rewrite/call-kernel';
export { CellConverter, LAST } from './cell-converter';
export { findDeclarations } from './declarations';
export { parseCell } from './parse-cell';
export { setImportFolders } from './resolve-imports';
