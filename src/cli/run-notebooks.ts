import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { pythonPath, projectRoot } from '../files/local';
import { jupyterEnvironment } from './setup';

const LESSON = path.join(projectRoot, 'notebooks/05_lora_peft.ipynb');

/**
 * Runs the lesson, or the notebooks named, without a browser and prints the time of every cell.
 * @param args notebooks; `--save FOLDER` keeps them with their outputs
 * @returns 0, or 1 if a cell failed
 */
export function lesson(args: string[]): Promise<number> {
  const notebooks = args.some((arg) => arg.endsWith('.ipynb')) ? [] : [LESSON];
  return Promise.resolve(runNotebooks([...args, ...notebooks]));
}

/** Runs notebooks in the project's Python, as run_notebook.py's arguments say. @returns its exit code */
export function runNotebooks(args: string[], env: NodeJS.ProcessEnv = {}): number {
  const script = path.join(projectRoot, 'src/cli/run_notebook.py');
  const { status, error } = spawnSync(pythonPath(), [script, ...args], {
    env: { ...process.env, ...jupyterEnvironment(), ...env },
    stdio: 'inherit',
  });
  if (error) throw error;
  return status ?? 1;
}
