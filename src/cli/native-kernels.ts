import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { findCompiler } from './find-compiler';
import { repoRoot, workshop } from './paths';
import type { Artefact } from './step.cjs';
import { tensorflowLibrary } from './tensorflow-library';

const folder = path.join(workshop, 'kernels');
const file = 'lora_kernels.node';
const headers = path.join(repoRoot, 'node_modules', 'node-api-headers');

/** For any x86-64 processor since 2013; the kernels find out themselves whether this is one. */
const FLAGS = [
  ...['-std=c++17', '-O3', '-mavx2', '-mfma', '-fopenmp-simd'],
  ...[
    '-fno-math-errno',
    '-fno-trapping-math',
    '-ffp-contract=off',
    '-shared',
    '-fPIC',
    '-DNAPI_VERSION=8',
  ],
];

/** The project's own ops in TensorFlow, its kernels for the CPU, linked with its library. */
export const compiledKernels: Artefact = {
  folder,
  files: [file],
  needs: () => ({
    ...{ sources: hashOf(sources(/\.(cc|h)$/)), flags: FLAGS.join(' '), place: repoRoot },
    ...{ headers: readFileSync(path.join(headers, 'package.json'), 'utf8') },
    ...tensorflowLibrary.needs(),
  }),
  make: async ({ run }) => {
    const target = path.join(folder, file);
    const lib = path.join(tensorflowLibrary.folder, 'lib');
    mkdirSync(folder, { recursive: true });
    const includes = [
      path.join(headers, 'include'),
      path.join(tensorflowLibrary.folder, 'include'),
      path.join(repoRoot, 'src', 'runtime'),
    ];
    const args = [
      ...FLAGS,
      ...includes.flatMap((each) => ['-I', each]),
      ...sources(/\.cc$/),
      ...[`-L${lib}`, '-l:libtensorflow_framework.so.2', `-Wl,-rpath,${lib}`],
      ...['-o', `${target}.part`],
    ];
    const next = 'See the log for what the compiler lacks.';
    await run(findCompiler(), args, { cwd: repoRoot, next });
    renameSync(`${target}.part`, target);
  },
};

function sources(names: RegExp): string[] {
  const src = path.join(repoRoot, 'src');
  const all = readdirSync(src, { recursive: true, encoding: 'utf8' });
  return all
    .filter((name) => names.test(name))
    .sort()
    .map((name) => path.join(src, name));
}

function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const each of files) hash.update(readFileSync(each));
  return hash.digest('hex');
}
