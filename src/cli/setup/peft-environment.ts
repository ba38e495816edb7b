import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pythonPath, projectRoot, stateFolder } from '../../files/local';
import { PIP } from '../../files/pip';
import { findPython } from './find-python';
import { SetupError } from './run-program.cjs';
import { isReady, runSteps, type Step, type StepContext } from './run-steps.cjs';

const FOLDER = path.join(projectRoot, 'tests', 'interop');
const REQUIREMENTS = path.join(FOLDER, 'requirements.txt');
const ENVIRONMENT = path.join(stateFolder, 'interop');
const PYTHON = pythonPath(ENVIRONMENT);

/** PyTorch and PEFT in an environment of their own: gigabytes that no lesson needs. */
export const peftStep: Step = {
  name: 'PEFT for the comparison',
  parts: [
    {
      folder: ENVIRONMENT,
      files: [path.relative(ENVIRONMENT, PYTHON)],
      needs: () => ({ place: ENVIRONMENT, requirements: readFileSync(REQUIREMENTS, 'utf8') }),
      make: makeEnvironment,
    },
  ],
};

/**
 * Makes the environment if it is missing.
 * @returns its Python
 * @throws SetupError if the environment can't be made
 */
export async function makePeftPython(): Promise<string> {
  await runSteps([peftStep], { stateFolder, retry: true });
  return PYTHON;
}

/**
 * Finds a Python with PyTorch and PEFT: INTEROP_PYTHON, or that of makePeftPython.
 * @throws SetupError if there is none
 */
export function peftPython(): string {
  const python = process.env.INTEROP_PYTHON;
  if (python !== undefined) return python;
  if (peftStep.parts.every(isReady)) return PYTHON;
  throw new SetupError('PyTorch and PEFT are not installed.', 'Run `npm run bench:setup`.');
}

async function makeEnvironment({ run }: StepContext): Promise<void> {
  const [python = '', ...first] = findPython().command;
  const next =
    'Make sure that the Python package index can be reached, then run the same command again.';
  await run(python, [...first, '-m', 'venv', '--clear', ENVIRONMENT], {
    cwd: projectRoot,
    next,
  });
  const install = ['-m', 'pip', 'install', ...PIP, '-r', REQUIREMENTS];
  await run(PYTHON, install, { cwd: projectRoot, next });
}
