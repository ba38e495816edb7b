import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { pythonPath, projectRoot, stateFolder } from '../files/local';
import { useAccelerator } from '../tensor/runtime';
import { isReady, jupyterKernelStep, lastFailure, tensorflowStep, pythonStep } from './setup';

const NPM_PACKAGES = ['@tensorflow/tfjs', '@tensorflow/tfjs-node-gpu', 'webgpu', 'tslab'];
const PYTHON_PACKAGES = ['jupyterlab', 'plotly', 'nbclient'];

/**
 * Prints versions, disk space used, the accelerator, and why others were not chosen.
 * @returns exit code 0 if the lesson can run
 */
export async function doctor(): Promise<number> {
  // First, because TensorFlow writes to the terminal while it loads.
  const { name, device, passedOver } = await useAccelerator();
  section('Versions', [
    ['node', process.versions.node],
    ...NPM_PACKAGES.map((name): Row => [name, npmVersion(name)]),
    ...pythonVersions(),
  ]);
  section(
    'Disk',
    ['node_modules', '.venv', '.native'].map((name) => [
      name,
      sizeOf(path.join(projectRoot, name)),
    ]),
  );
  section('Accelerator', [
    [name, device],
    ...passedOver.map(({ name, reason }): Row => [name, `passed over: ${reason}`]),
  ]);
  const failure = lastFailure(tensorflowStep, stateFolder);
  if (failure !== '') console.log(`${tensorflowStep.name}\n${failure}`);

  const missing = [pythonStep, jupyterKernelStep].filter((step) => !step.parts.every(isReady));
  if (missing.length === 0) {
    console.log('The lesson can run: npm start');
    return 0;
  }
  const names = missing.map((step) => step.name).join(' and ');
  console.log(`The lesson cannot run yet: ${names} missing or out of date. Run npm run setup.`);
  return 1;
}

type Row = [name: string, value: string];

function section(title: string, rows: Row[]): void {
  console.log(title);
  for (const [name, value] of rows) console.log(`  ${name.padEnd(26)} ${value}`);
  console.log('');
}

function npmVersion(name: string): string {
  const file = path.join(projectRoot, 'node_modules', name, 'package.json');
  if (!existsSync(file)) return 'missing';
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function pythonVersions(): Row[] {
  const script = `
import platform, importlib.metadata as m
print("python", platform.python_version())
for name in ${JSON.stringify(PYTHON_PACKAGES)}: print(name, m.version(name))`;
  const { status, stdout } = spawnSync(pythonPath(), ['-c', script], { encoding: 'utf8' });
  if (status !== 0) return [['python packages', 'missing']];
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ') as Row);
}

function sizeOf(folder: string): string {
  return existsSync(folder) ? `${(bytesIn(folder) / 1e6).toFixed(0)} MB` : 'missing';
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + lstatSync(path.join(entry.parentPath, entry.name)).size, 0);
}
