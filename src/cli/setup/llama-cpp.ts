import path from 'node:path';
import { projectRoot, stateFolder } from '../../files/local';
import { runNpm, SetupError } from './run-program.cjs';
import { runSteps, type Step, type StepContext } from './run-steps.cjs';

const FOLDER = path.join(stateFolder, 'llama');
const VERSION = '3.21.1';

/** The builds of llama.cpp for a processor alone, by Node's names of systems. */
const BUILDS: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'mac-x64',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
};
const BUILD = BUILDS[`${process.platform}-${process.arch}`];

const PACKAGES = ['node-llama-cpp', `@node-llama-cpp/${BUILD ?? 'none'}`];

/**
 * node-llama-cpp, 83 MB outside the course's node_modules, with its build for this processor. Builds
 * for GPUs are optional packages, and its install script would look for them: neither is taken.
 */
export const llamaCppStep: Step = {
  name: 'llama.cpp for the comparison',
  parts: [
    {
      folder: FOLDER,
      files: PACKAGES.map((name) => path.join('node_modules', name, 'package.json')),
      needs: () => ({ packages: PACKAGES.map((name) => `${name}@${VERSION}`).join(' ') }),
      make: ({ run }: StepContext): Promise<void> => {
        const target = ['--prefix', FOLDER, '--no-save', '--ignore-scripts', '--omit=optional'];
        const packages = PACKAGES.map((name) => `${name}@${VERSION}`);
        return runNpm(run, ['install', ...target, ...packages], projectRoot);
      },
    },
  ],
};

/**
 * Installs node-llama-cpp if it is missing.
 * @returns the folder that holds its node_modules
 * @throws SetupError if it can't be installed, or has no build for this machine
 */
export async function makeLlamaCpp(): Promise<string> {
  if (BUILD === undefined) {
    throw new SetupError(
      `llama.cpp must have a build for ${process.platform} on ${process.arch}, but has none for its processor alone.`,
      'Run this on Linux, on Windows, or on a Mac with an Intel processor.',
    );
  }
  await runSteps([llamaCppStep], { stateFolder, retry: true });
  return FOLDER;
}
