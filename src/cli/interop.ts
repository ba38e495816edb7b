import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findPython } from './find-python';
import { pythonPath, repoRoot, workshop } from './paths';
import { PIP } from './python-step';
import { isReady, runSteps, type Step, type Tools } from './step.cjs';
import { SetupError } from './tool.cjs';

const FOLDER = path.join(repoRoot, 'tests', 'interop');
const REQUIREMENTS = path.join(FOLDER, 'requirements.txt');
const ENVIRONMENT = path.join(workshop, 'interop');
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

/**
 * Makes adapters here and compares what PEFT computes with them, in Python. INTEROP_PYTHON names
 * a Python that has PEFT already.
 * @returns 0 if all agree
 * @throws SetupError if the Python environment can't be made
 */
export async function interop(): Promise<number> {
  const python = process.env.INTEROP_PYTHON ?? (await makePeftPython());
  const folder = mkdtempSync(path.join(tmpdir(), 'lora-interop-'));
  try {
    const make = path.join(repoRoot, 'dist', 'tests', 'interop', 'make-adapters.js');
    const check = path.join(FOLDER, 'check_adapters.py');
    return run(process.execPath, [make, folder]) || run(python, [check, folder]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Makes the environment where need be. @returns its Python; throws SetupError if it can't be made */
export async function makePeftPython(): Promise<string> {
  await runSteps([environmentStep], { workshop, first: 1, total: 1, retry: true });
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
  await runTool(python, [...first, '-m', 'venv', '--clear', ENVIRONMENT], { cwd: repoRoot, next });
  const install = ['-m', 'pip', 'install', ...PIP, '-r', REQUIREMENTS];
  await runTool(PYTHON, install, { cwd: repoRoot, next });
}

/** @returns the exit code, 1 if there is none */
function run(command: string, args: string[]): number {
  const env = { ...process.env, HF_HUB_OFFLINE: '1', HF_HUB_DISABLE_PROGRESS_BARS: '1' };
  return spawnSync(command, args, { cwd: repoRoot, env, stdio: 'inherit' }).status ?? 1;
}
