import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot, venv } from '../../files/local';
import { kernelSpec } from '../../jupyter';
import type { Step } from './run-steps.cjs';

const share = path.join(venv, 'share', 'jupyter');
const folder = path.join(share, 'kernels', 'tslab');
const launcher = path.join(projectRoot, 'dist', 'src', 'jupyter', 'launcher.js');

/** The first screen is to be the lesson, not a question about news. */
const SETTINGS = {
  '@jupyterlab/apputils-extension:notification': { fetchNews: 'false', checkForUpdates: false },
};

/** The TypeScript kernel as Jupyter finds it in `.venv`, with absolute paths. */
export const kernelStep: Step = {
  name: 'TypeScript kernel',
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
