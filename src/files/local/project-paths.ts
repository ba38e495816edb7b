import path from 'node:path';

/** The project's folder; this file is compiled into dist/src/files/local. */
export const projectRoot = path.resolve(__dirname, '..', '..', '..', '..');

/** The project's own Python environment. */
export const venv = path.join(projectRoot, '.venv');

/** The set-up's folder for TensorFlow, logs and the lock. */
export const stateFolder = path.join(projectRoot, '.native');

/** Gives the path of an environment's Python, built or not; the project's own unless given. */
export function pythonPath(environment = venv): string {
  return process.platform === 'win32'
    ? path.join(environment, 'Scripts', 'python.exe')
    : path.join(environment, 'bin', 'python');
}
