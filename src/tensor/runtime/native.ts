import { existsSync } from 'node:fs';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { AcceleratorError } from '../errors';
import { isReference, openNativeOps, processorFlags, replaceFewRowMatMul } from '../op';

/** How exact products are: `float32`, or their factors rounded to the 8 bits of `bfloat16`. */
export type Precision = 'float32' | 'bfloat16';

interface NativeBackend {
  isUsingGpuDevice: boolean;
  binding: { TF_Version: string };
}

/**
 * Reads what `LORA_PRECISION` asks for; float32 if nothing.
 * @throws AcceleratorError if it is another word
 */
export function readPrecision(): Precision {
  const asked = process.env.LORA_PRECISION || 'float32';
  if (asked === 'float32' || asked === 'bfloat16') return asked;
  throw new AcceleratorError(
    `useAccelerator: LORA_PRECISION must be float32 or bfloat16, got ${asked}.`,
  );
}

/**
 * Names the processor's unit for products of bfloat16.
 * @throws AcceleratorError if it has none
 */
export function bfloat16Unit(flags = processorFlags()): string {
  if (flags.has('amx_bf16')) return 'AMX';
  if (flags.has('avx512_bf16')) return 'AVX-512';
  throw new AcceleratorError('this processor has no unit for bfloat16 (AMX, AVX-512 BF16)');
}

/** Opens TensorFlow's CUDA device. @returns the device in words; throws why it is not there */
export async function openCuda({ precision }: { precision: Precision }): Promise<string> {
  // TF32 keeps 10 bits of 23: sums would agree to 1e-3 only.
  if (precision === 'bfloat16') process.env.NVIDIA_TF32_OVERRIDE = '1';
  else process.env.NVIDIA_TF32_OVERRIDE ??= '0';
  const { isUsingGpuDevice, binding } = await loadNative();
  if (!isUsingGpuDevice) throw new AcceleratorError(whyNoCuda());
  const rounded = precision === 'bfloat16' ? ', products in TF32' : '';
  return `NVIDIA GPU, TensorFlow ${binding.TF_Version}${rounded}`;
}

/** Opens TensorFlow on the CPU. @returns the device in words; throws why it is not there */
export async function openNativeCpu({ precision }: { precision: Precision }): Promise<string> {
  const unit = precision === 'bfloat16' ? bfloat16Unit() : undefined;
  if (unit) process.env.ONEDNN_DEFAULT_FPMATH_MODE = 'BF16';
  process.env.CUDA_VISIBLE_DEVICES = '-1'; // where it is forced on a machine with a GPU
  const { binding } = await loadNative();
  const kernels = await openNativeOps();
  const isCompiled = kernels !== undefined && !isReference();
  if (isCompiled) replaceFewRowMatMul();
  const rounded = unit ? `, products in bfloat16 (${unit})` : '';
  return `CPU, TensorFlow ${binding.TF_Version}, ${isCompiled ? kernels : 'reference'} kernels${rounded}`;
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
