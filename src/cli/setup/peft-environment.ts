import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pythonPath, projectRoot, stateFolder } from '../../files/local';
import { findPython } from './find-python';
import { PIP } from './python-packages';
import { SetupError } from './run-program.cjs';
import { isReady, runSteps, type Step, type Tools } from './run-steps.cjs';

const FOLDER = path.join(projectRoot, 'tests', 'interop');
const REQUIREMENTS = path.join(FOLDER, 'requirements.txt');
const ENVIRONMENT = path.join(stateFolder, 'interop');
const PYTHON = pythonPath(ENVIRONMENT);

/** PyTorch and PEFT, apart from the project's own environment: gigabytes that no lesson needs. */
export const environmentStep: Step = {
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

/** Makes the environment where need be. @returns its Python; throws SetupError if it can't be made */
export async function makePeftPython(): Promise<string> {
  await runSteps([environmentStep], { stateFolder, first: 1, total: 1, retry: true });
  return PYTHON;
}

/** A Python that has PyTorch and PEFT: the one made here, or INTEROP_PYTHON. */
export function peftPython(): string {
  const python = process.env.INTEROP_PYTHON;
  if (python !== undefined) return python;
  if (environmentStep.parts.every(isReady)) return PYTHON;
  throw new SetupError(
    'PyTorch and PEFT are not here to compare with.',
    'Run `npm run bench:setup`.',
  );
}

async function makeEnvironment({ run: runTool }: Tools): Promise<void> {
  const [python = '', ...first] = findPython().command;
  const next = 'See that the Python package index can be reached, then run the same command again.';
  await runTool(python, [...first, '-m', 'venv', '--clear', ENVIRONMENT], {
    cwd: projectRoot,
    next,
  });
  const install = ['-m', 'pip', 'install', ...PIP, '-r', REQUIREMENTS];
  await runTool(PYTHON, install, { cwd: projectRoot, next });
}
