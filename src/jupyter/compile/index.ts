export { BesideModules } from './beside-modules';
export { CellConverter } from './cell-converter';
export { findDeclarations } from './declarations';
export { setImportFolders } from './resolve-imports';
