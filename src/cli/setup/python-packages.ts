import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pythonPath, projectRoot, venv } from '../../files/local';
import { PIP } from '../../files/pip';
import { findPython } from './find-python';
import type { Step, StepContext } from './run-steps.cjs';
import { STEP } from './set-up-steps.cjs';

/** The folder `.venv`: JupyterLab, its extension for charts, and the notebook runner. */
export const pythonStep: Step = {
  name: STEP.python,
  parts: [
    {
      folder: venv,
      files: [path.relative(venv, pythonPath())], // a link, broken once the system's Python is removed
      needs: () => ({
        place: venv, // its scripts hold this path
        requirements: readFileSync(path.join(projectRoot, 'requirements.txt'), 'utf8'),
        lock: readFileSync(path.join(projectRoot, 'requirements.lock'), 'utf8'),
      }),
      make: makeVenv,
    },
  ],
};

async function makeVenv({ run }: StepContext): Promise<void> {
  const [python = '', ...first] = findPython().command;
  const next = 'See the log, correct this, then run the same command again.';
  await run(python, [...first, '-m', 'venv', '--clear', venv], { cwd: projectRoot, next });

  const files = ['-r', 'requirements.txt', '-c', 'requirements.lock'];
  await run(pythonPath(), ['-m', 'pip', 'install', ...PIP, ...files], {
    cwd: projectRoot,
    next: 'Make sure that the Python package index can be reached, then run the same command again.',
  });
}
