export { fetchPipFile, PIP } from './pip-file';
export type { PipFile } from './pip-file';
