import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot, venv } from '../../files/local';
import { kernelSpec } from '../../jupyter';
import type { Step } from './run-steps.cjs';
import { STEP } from './set-up-steps.cjs';

const share = path.join(venv, 'share', 'jupyter');
const folder = path.join(share, 'kernels', 'tslab');
const launcher = path.join(projectRoot, 'dist', 'src', 'jupyter', 'launcher.js');

/** JupyterLab opens on the lesson without asking whether it may fetch news. */
const SETTINGS = {
  '@jupyterlab/apputils-extension:notification': { fetchNews: 'false', checkForUpdates: false },
};

/** The Jupyter kernel for TypeScript: its kernel.json in `.venv`, with absolute paths. */
export const jupyterKernelStep: Step = {
  name: STEP.jupyterKernel,
  parts: [
    {
      folder,
      files: ['kernel.json'],
      needs: () => ({
        spec: JSON.stringify(kernelSpec({ node: process.execPath, launcher })),
        settings: JSON.stringify(SETTINGS),
      }),
      make: (): Promise<void> => {
        writeJson(
          path.join(folder, 'kernel.json'),
          kernelSpec({ node: process.execPath, launcher }),
        );
        writeJson(path.join(share, 'lab', 'settings', 'overrides.json'), SETTINGS);
        return Promise.resolve();
      },
    },
  ],
};

function writeJson(file: string, value: unknown): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
