export { pythonPath, projectRoot, venv, stateFolder } from './project-paths';
export { replaceFiles } from './replace-files';
export { writeFileAtomically } from './write-file-atomically';
