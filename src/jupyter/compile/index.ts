export { BesideModules } from './beside-modules';
export { CellConverter } from './cell-converter';
export { findDeclarations } from './declarations';
export { parseCell } from './parse-cell';
export { setImportFolders } from './resolve-imports';
