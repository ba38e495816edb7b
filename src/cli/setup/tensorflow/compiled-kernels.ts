import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot, stateFolder } from '../../../files/local';
import type { Artifact } from '../run-steps.cjs';
import { compileAddon, nodeHeadersVersion } from './compile-addon';
import { tensorflowLibrary } from './tensorflow-library';

const folder = path.join(stateFolder, 'kernels');
const file = 'lora_kernels.node';

/** For x86-64 processors since 2013; the kernels themselves check whether this is one. */
const FLAGS =
  '-O3 -mavx2 -mfma -mf16c -fopenmp-simd -fno-math-errno -fno-trapping-math -ffp-contract=off';

/** The project's own TensorFlow ops for the CPU, compiled (not to be confused with the Jupyter kernel). */
export const compiledKernels: Artifact = {
  folder,
  files: [file],
  needs: () => ({
    sources: hashOf(sources(/\.(cc|h)$/)),
    flags: FLAGS,
    place: projectRoot,
    headers: nodeHeadersVersion(),
    ...tensorflowLibrary.needs(),
  }),
  make: (context) =>
    compileAddon(
      path.join(folder, file),
      {
        flags: FLAGS.split(' '),
        includes: [path.join(projectRoot, 'src', 'tensor', 'op')],
        sources: sources(/\.cc$/),
        libraries: ['libtensorflow_framework.so.2'],
      },
      context,
    ),
};

function sources(names: RegExp): string[] {
  const src = path.join(projectRoot, 'src');
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
