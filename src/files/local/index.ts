export { FileError } from './file-error';
export { fill, readBytes } from './fill';
export { isMissing, missingFault, pickleFault } from './missing-file';
export { openFile } from './open-file';
export { pythonPath, projectRoot, venv, stateFolder } from './project-paths';
export { readJson } from './read-json';
export { replaceFiles } from './replace-files';
export { TensorFileError } from './tensor-file-error';
export { writeFault, writeFileAtomically } from './write-file-atomically';
