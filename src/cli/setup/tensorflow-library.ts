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
import { pythonPath, projectRoot, stateFolder } from '../../files/local';
import { findCompiler } from './find-compiler';
import { PIP } from './python-packages';
import { SetupError } from './run-program.cjs';
import type { Artefact, Tools } from './run-steps.cjs';
import { CPU_WHEELS, CUDA_WHEELS } from './tensorflow-wheels';

const GB = 1e9;
const UNPACK = path.join(projectRoot, 'src', 'cli', 'setup', 'unpack_wheel.py');

/** TensorFlow's C library and its headers: `lib/`, `include/`, and with CUDA `nvidia/`. */
export const tensorflowLibrary: Artefact = {
  folder: path.join(stateFolder, 'tensorflow'),
  files: ['lib/libtensorflow_cc.so.2', 'lib/libtensorflow_framework.so.2'],
  needs: () => ({ wheels: wheels().join(' '), parts: readFileSync(UNPACK, 'utf8') }),
  make: makeLibrary,
};

/** Built beside its place and moved there whole. One wheel at a time: they are large. */
async function makeLibrary(tools: Tools): Promise<void> {
  findCompiler(); // without one the library is of no use: do not fetch it
  const { folder } = tensorflowLibrary;
  const part = `${folder}.part`;
  const wanted = wheels();
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  try {
    checkSpace(part, wanted === CUDA_WHEELS ? 7 * GB : 1.5 * GB);
    for (const wheel of wanted) await addWheel(wheel, part, tools);
    if (wanted === CUDA_WHEELS) linkCusolver(part);
    rmSync(folder, { recursive: true, force: true });
    renameSync(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

async function addWheel(wheel: string, folder: string, { run }: Tools): Promise<void> {
  const download = path.join(folder, 'download');
  const next = 'See that the Python package index can be reached.';
  // For a Python that the wheel knows, whichever is installed: only C libraries are taken.
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
 * TensorFlow opens NVIDIA's libraries from libtensorflow_framework, whose run path names the
 * folders of all of them but cusolver, and without one of them it uses no GPU at all.
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
    `TensorFlow needs ${want} GB of free disk, ${have} GB are there.`,
    'Free some.',
  );
}

function wheels(): string[] {
  return hasNvidiaGpu() ? CUDA_WHEELS : CPU_WHEELS;
}

let nvidiaGpu: boolean | undefined;

/** Asked of the driver; a container may see a host's driver without having its devices. */
export function hasNvidiaGpu(): boolean {
  nvidiaGpu ??=
    (existsSync('/proc/driver/nvidia/version') && existsSync('/dev/nvidiactl')) ||
    spawnSync('nvidia-smi', ['-L'], { encoding: 'utf8' }).stdout?.includes('GPU ');
  return nvidiaGpu;
}
