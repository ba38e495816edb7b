import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot, stateFolder } from '../../../files/local';
import { kernelFile, type KernelVersion } from '../../../tensor/op';
import type { Artifact } from '../run-steps.cjs';
import { compileAddon, nodeHeadersVersion } from './compile-addon';
import { tensorflowLibrary } from './tensorflow-library';

const folder = path.join(stateFolder, 'kernels');

const FLAGS = '-O3 -fopenmp-simd -fno-math-errno -fno-trapping-math -ffp-contract=off';
const VERSIONS: Record<KernelVersion, string> = {
  avx512:
    '-mavx512f -mavx512vl -mavx512bw -mavx512dq -mavx2 -mfma -mf16c -mprefer-vector-width=512',
  avx2: '-mavx2 -mfma -mf16c',
  portable: '',
};
/** Set-ups are copied from one machine to another, so all versions that may run are made. */
const made = (Object.keys(VERSIONS) as KernelVersion[]).filter(
  (version) => process.arch === 'x64' || version === 'portable',
);

/** The project's own TensorFlow ops for the CPU, compiled (not to be confused with the Jupyter kernel). */
export const compiledKernels: Artifact = {
  folder,
  files: made.map(kernelFile),
  needs: () => ({
    sources: hashOf(sources(/\.(cc|h)$/)),
    flags: [FLAGS, ...made.map((version) => VERSIONS[version])].join('; '),
    place: projectRoot,
    headers: nodeHeadersVersion(),
    ...tensorflowLibrary.needs(),
  }),
  make: async (context) => {
    await Promise.all(
      made.map((version) =>
        compileAddon(
          path.join(folder, kernelFile(version)),
          {
            flags: `${FLAGS} ${VERSIONS[version]}`.trim().split(' '),
            includes: [path.join(projectRoot, 'src', 'tensor', 'op', 'native')],
            sources: sources(/\.cc$/),
            libraries: ['libtensorflow_framework.so.2'],
          },
          context,
        ),
      ),
    );
  },
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
