export { FileError } from './file-error';
export { isMissing, missingFault, pickleFault } from './missing-file';
export { pythonPath, projectRoot, venv, stateFolder } from './project-paths';
export { readJson } from './read-json';
export { replaceFiles } from './replace-files';
export { writeFault, writeFileAtomically } from './write-file-atomically';
