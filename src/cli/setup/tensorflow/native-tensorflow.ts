import { stateFolder } from '../../../files/local';
import { SetupError } from '../run-program.cjs';
import type { Artifact, Step } from '../run-steps.cjs';
import { STEP } from '../set-up-steps.cjs';
import { compiledKernels } from './compiled-kernels';
import { compiledAddon, downloadedAddon } from './tensorflow-addon';
import { tensorflowLibrary } from './tensorflow-library';

/** TensorFlow for tfjs-node-gpu. If it fails, the lesson runs on the next accelerator. */
export const tensorflowStep: Step = {
  name: STEP.tensorflow,
  parts: partsFor(process.platform, process.arch),
  without: 'The lesson runs without it: on WebGPU where there is a GPU, else on WebAssembly.',
};

function partsFor(platform: string, arch: string): Artifact[] {
  if (platform === 'linux' && arch === 'x64')
    return [tensorflowLibrary, compiledAddon, compiledKernels];
  if (platform === 'darwin' || platform === 'win32') return [downloadedAddon];
  return [
    {
      folder: stateFolder,
      files: ['no-tensorflow'],
      needs: () => ({ platform, arch }),
      make: () =>
        Promise.reject(new SetupError(`There is no TensorFlow for ${platform} ${arch}.`, '')),
    },
  ];
}
