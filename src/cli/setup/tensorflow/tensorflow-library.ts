import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { pythonPath, projectRoot, stateFolder } from '../../../files/local';
import { PIP } from '../../../files/pip';
import { SetupError } from '../run-program.cjs';
import type { Artifact, StepContext } from '../run-steps.cjs';
import { findCompiler } from './find-compiler';
import { CPU_WHEELS, CUDA_WHEELS } from './tensorflow-wheels';

const GB = 1e9;
const UNPACK = path.join(projectRoot, 'src/cli/setup/tensorflow/unpack_wheel.py');

/** TensorFlow's C library and its headers: `lib/`, `include/`, and with CUDA `nvidia/`. */
export const tensorflowLibrary: Artifact = {
  folder: path.join(stateFolder, 'tensorflow'),
  files: ['lib/libtensorflow_cc.so.2', 'lib/libtensorflow_framework.so.2'],
  needs: () => ({ wheels: wheels().join(' '), parts: readFileSync(UNPACK, 'utf8') }),
  make: makeLibrary,
};

/** Unpacks the wheels, one at a time since they are large, then moves the complete folder in place. */
async function makeLibrary(context: StepContext): Promise<void> {
  findCompiler(); // throws: without a compiler the library is not worth downloading
  const { folder } = tensorflowLibrary;
  const part = `${folder}.part`;
  const wanted = wheels();
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  try {
    checkSpace(part, wanted === CUDA_WHEELS ? 7 * GB : 1.5 * GB);
    for (const wheel of wanted) await addWheel(wheel, part, context);
    if (wanted === CUDA_WHEELS) linkCusolver(part);
    rmSync(folder, { recursive: true, force: true });
    renameSync(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

async function addWheel(wheel: string, folder: string, { run }: StepContext): Promise<void> {
  const download = path.join(folder, 'download');
  const next = 'Make sure that the Python package index can be reached.';
  // A version that the wheel is built for, whichever is installed: only C libraries are unpacked.
  const python = ['--python-version', '3.12', '--implementation', 'cp'];
  const args = ['--no-deps', '--only-binary=:all:', '--no-cache-dir'];
  mkdirSync(download);
  await run(
    pythonPath(),
    ['-m', 'pip', 'download', ...PIP, ...args, ...python, '-d', download, wheel],
    { cwd: projectRoot, env: { TMPDIR: download }, next },
  );
  for (const file of readdirSync(download).filter((name) => name.endsWith('.whl'))) {
    await run(pythonPath(), [UNPACK, path.join(download, file), folder], {
      cwd: projectRoot,
      next,
    });
  }
  rmSync(download, { recursive: true });
}

/**
 * Links cusolver into the folder of cusparse. TensorFlow opens NVIDIA's libraries from
 * libtensorflow_framework, whose run path names the folders of all of them but cusolver; without
 * one of them it uses no GPU at all.
 */
function linkCusolver(folder: string): void {
  const name = 'libcusolver.so.11';
  symlinkSync(`../../cusolver/lib/${name}`, path.join(folder, 'nvidia/cusparse/lib', name));
}

function checkSpace(folder: string, needed: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= needed) return;
  const [want, have] = [needed, free].map((bytes) => (bytes / GB).toFixed(1));
  throw new SetupError(
    `TensorFlow needs ${want} GB of free disk space, but ${have} GB are free.`,
    'Free some space, then run `npm run setup`.',
  );
}

function wheels(): string[] {
  return hasNvidiaGpu() ? CUDA_WHEELS : CPU_WHEELS;
}

let nvidiaGpu: boolean | undefined;

/** Whether an NVIDIA GPU can be used; a container may see a host's driver without its devices. */
export function hasNvidiaGpu(): boolean {
  nvidiaGpu ??=
    (existsSync('/proc/driver/nvidia/version') && existsSync('/dev/nvidiactl')) ||
    spawnSync('nvidia-smi', ['-L'], { encoding: 'utf8' }).stdout?.includes('GPU ');
  return nvidiaGpu;
}
