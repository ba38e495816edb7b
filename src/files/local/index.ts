export { pythonPath, repoRoot, venv, workshop } from './project-paths';
export { replaceFiles } from './replace-files';
export { writeFileAtomically } from './write-file-atomically';
