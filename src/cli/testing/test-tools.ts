import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot, pythonPath, stateFolder } from '../../files/local';
import { PIP } from '../../files/pip';
import { runNpm, runSteps, type Step, type StepContext } from '../setup';

const REQUIREMENTS = path.join(projectRoot, 'requirements-dev.txt');
const NODE_FOLDER = path.join(stateFolder, 'newest-node');
/** The newest supported Node, the same as in README.md. */
const NEWEST_VERSION = '26.10.0';

/** Python packages of `requirements-dev.txt`, outside the course's own. */
export const PYTHON_TOOLS = path.join(stateFolder, 'python-tools');

/** The linter for Python files. */
export const RUFF = path.join(PYTHON_TOOLS, 'bin', 'ruff');

/** Installs Ruff and Jupyter's tests of a kernel. What needs them is skipped without, except in CI. */
export const pythonToolsStep: Step = {
  name: 'Python tools',
  parts: [
    {
      folder: PYTHON_TOOLS,
      files: ['bin/ruff', 'jupyter_kernel_test/__init__.py'],
      needs: () => ({ requirements: readFileSync(REQUIREMENTS, 'utf8') }),
      make: ({ run }: StepContext): Promise<void> =>
        run(
          pythonPath(),
          [
            '-m',
            'pip',
            'install',
            ...PIP,
            // What they need is in the course's own environment.
            '--no-deps',
            '--upgrade',
            '--target',
            PYTHON_TOOLS,
            '-r',
            REQUIREMENTS,
          ],
          { cwd: projectRoot, next: 'Make sure that the Python package index can be reached.' },
        ),
    },
  ],
  without: 'The Python files are not linted, and the kernel is not tried by Jupyter.',
};

// The package `node` has an install script that fetches this one.
const NODE_PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/** Program of the newest supported Node. */
export const NEWEST_NODE = path.join(NODE_FOLDER, 'node_modules', NODE_PACKAGE, 'bin', 'node');

/** Installs the newest supported Node, 150 MB, outside the course's node_modules. */
export const newestNodeStep: Step = {
  name: 'Newest Node',
  parts: [
    {
      folder: NODE_FOLDER,
      files: [path.relative(NODE_FOLDER, NEWEST_NODE)],
      needs: () => ({ package: `${NODE_PACKAGE}@${NEWEST_VERSION}` }),
      make: ({ run }: StepContext): Promise<void> => {
        const target = ['--prefix', NODE_FOLDER, '--no-save', '--ignore-scripts'];
        return runNpm(
          run,
          ['install', ...target, `${NODE_PACKAGE}@${NEWEST_VERSION}`],
          projectRoot,
        );
      },
    },
  ],
  without: 'The tests run on this Node alone.',
};

/**
 * Installs what `npm test` needs and the lesson does not. Where CI is set, that includes the newest
 * Node; what could not be installed is then a failure of the lint, or of a suite.
 */
export async function installTestTools(): Promise<void> {
  const steps = [pythonToolsStep, ...(process.env.CI ? [newestNodeStep] : [])];
  await runSteps(steps, { stateFolder, retry: Boolean(process.env.CI) });
}
