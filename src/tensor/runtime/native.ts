import { existsSync } from 'node:fs';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { AcceleratorError } from '../errors';
import { isReference, openNativeOps, replaceFewRowMatMul } from '../op';

interface NativeBackend {
  isUsingGpuDevice: boolean;
  binding: { TF_Version: string };
}

/** Opens TensorFlow's CUDA device. @returns the device in words; throws why it is not there */
export async function openCuda(): Promise<string> {
  const { isUsingGpuDevice, binding } = await loadNative();
  if (!isUsingGpuDevice) throw new AcceleratorError(whyNoCuda());
  return `NVIDIA GPU, TensorFlow ${binding.TF_Version}`;
}

/** Opens TensorFlow on the CPU. @returns the device in words; throws why it is not there */
export async function openNativeCpu(): Promise<string> {
  process.env.CUDA_VISIBLE_DEVICES = '-1'; // where it is forced on a machine with a GPU
  const { binding } = await loadNative();
  const hasOps = await openNativeOps();
  if (hasOps && !isReference()) replaceFewRowMatMul();
  return `CPU, TensorFlow ${binding.TF_Version}${hasOps ? '' : ', reference kernels only'}`;
}

/** Loads the library of both accelerators; its device is fixed when it is loaded. */
async function loadNative(): Promise<NativeBackend> {
  prepareEnvironment();
  restoreRemovedNodeFunction();
  await import('@tensorflow/tfjs-node-gpu').catch((error: Error) => {
    throw new AcceleratorError(
      error.message.includes('native addon module')
        ? 'the native library is not built. Run `npm run setup` to see why'
        : `the native library does not load: ${error.message.split('\n')[0]}`,
    );
  });
  return tf.engine().findBackend('tensorflow') as unknown as NativeBackend;
}

/** Sets what TensorFlow reads once, while it loads; the user's own settings win. */
function prepareEnvironment(): void {
  const defaults = {
    TF_CPP_MIN_LOG_LEVEL: '2', // warnings go to a terminal that the learner does not see
    TF_FORCE_GPU_ALLOW_GROWTH: 'true', // leave GPU memory to the other notebooks
    CUDA_VISIBLE_DEVICES: '0', // of several GPUs tfjs would take the last
    NVIDIA_TF32_OVERRIDE: '0', // TF32 keeps 10 bits of 23: sums would agree to 1e-3 only
  };
  for (const [name, value] of Object.entries(defaults)) process.env[name] ??= value;
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 23 removed (tensorflow/tfjs#8609). */
function restoreRemovedNodeFunction(): void {
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
}

function whyNoCuda(): string {
  return existsSync('/proc/driver/nvidia/version')
    ? 'an NVIDIA driver is here, but TensorFlow finds no CUDA device. Run `npm run setup`, then `npm run doctor`'
    : 'no NVIDIA driver on this machine';
}
