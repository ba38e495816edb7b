import { stateFolder } from '../../files/local';
import { compiledKernels } from './compiled-kernels';
import { SetupError } from './run-program.cjs';
import type { Artefact, Step } from './run-steps.cjs';
import { compiledAddon, downloadedAddon } from './tensorflow-addon';
import { tensorflowLibrary } from './tensorflow-library';

/** TensorFlow for tfjs-node-gpu. Where it cannot be had the lesson runs on the next accelerator. */
export const nativeStep: Step = {
  name: 'Native TensorFlow',
  parts: partsFor(process.platform, process.arch),
  without: 'The lesson runs without it: on WebGPU where there is a GPU, else on WebAssembly.',
};

function partsFor(platform: string, arch: string): Artefact[] {
  if (platform === 'linux' && arch === 'x64')
    return [tensorflowLibrary, compiledAddon, compiledKernels];
  if (platform === 'darwin' || platform === 'win32') return [downloadedAddon];
  return [
    {
      folder: stateFolder,
      files: ['no-tensorflow'],
      needs: () => ({ platform, arch }),
      make: () => Promise.reject(new SetupError(`There is none for ${platform} ${arch}.`, '')),
    },
  ];
}
