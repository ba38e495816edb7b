import * as tf from '@tensorflow/tfjs';
import { AcceleratorError } from '../errors';
import { isBackendChosen } from '../op';
import { openCuda, openNativeCpu, type Precision, readPrecision } from './native';
import { openWasm } from './wasm';
import { openWebGpu, throwDeviceErrors } from './webgpu';

/** The accelerators, fastest first. `LORA_BACKEND` forces one of them by this name. */
export type AcceleratorName = 'cuda' | 'webgpu' | 'cpu-native' | 'wasm' | 'js';

/** The device that computes, and why no faster one was taken. */
export interface Accelerator {
  name: AcceleratorName;
  /** tfjs's own name for it, as `tf.getBackend()` gives it */
  backend: string;
  /** the device in words */
  device: string;
  /** the faster ones that were tried, each with the reason it was not taken */
  passedOver: { name: AcceleratorName; reason: string }[];
}

interface Candidate {
  name: AcceleratorName;
  backend: string;
  /** Registers the backend with tfjs. @returns the device in words; throws why there is none */
  open: (how: { forced: boolean; precision: Precision }) => Promise<string>;
  /** whether its products can be in bfloat16 */
  rounds?: boolean;
  /** Runs once tfjs computes on it. */
  started?: () => void;
}

const CANDIDATES: Candidate[] = [
  { name: 'cuda', backend: 'tensorflow', open: openCuda, rounds: true },
  {
    name: 'webgpu',
    backend: 'webgpu',
    open: ({ forced }) => openWebGpu({ software: forced }),
    started: throwDeviceErrors,
  },
  { name: 'cpu-native', backend: 'tensorflow', open: openNativeCpu, rounds: true },
  { name: 'wasm', backend: 'wasm', open: openWasm },
  { name: 'js', backend: 'cpu', open: () => Promise.resolve('CPU, plain JavaScript') },
];

let chosen: Promise<Accelerator> | undefined;

/**
 * Picks the fastest accelerator of this machine, once, and makes tfjs compute on it.
 * `LORA_BACKEND=cuda|webgpu|cpu-native|wasm|js` forces one. A software GPU driver is taken only
 * if it is forced. With `LORA_PRECISION=bfloat16`, products round their factors to bfloat16 (TF32
 * on CUDA), and only an accelerator that can do so is taken.
 * @throws AcceleratorError if the forced one is unknown, not there or can't round its products
 */
export function useAccelerator(): Promise<Accelerator> {
  chosen ??= choose(process.env.LORA_BACKEND);
  return chosen;
}

/** Starts the accelerator, unless it or another backend of tfjs was chosen already. */
export async function ensureAccelerator(): Promise<void> {
  if (!isBackendChosen()) await useAccelerator();
}

/** Describes in one line the accelerator in use, and the faster ones passed over with reasons. */
export function describeAccelerator({ name, device, passedOver }: Accelerator): string {
  const others = passedOver.map((other) => `${other.name} (${other.reason})`);
  return `Accelerator: ${name}, ${device}.${others.length > 0 ? ` Passed over: ${others.join('; ')}.` : ''}`;
}

async function choose(forced: string | undefined): Promise<Accelerator> {
  const candidates = forced ? [findCandidate(forced)] : CANDIDATES;
  const precision = readPrecision();
  const passedOver: Accelerator['passedOver'] = [];
  for (const candidate of candidates) {
    const { name, backend } = candidate;
    try {
      if (precision === 'bfloat16') assertRounds(candidate);
      const device = await candidate.open({ forced: Boolean(forced), precision });
      await start(candidate);
      return { name, backend, device, passedOver };
    } catch (error) {
      passedOver.push({ name, reason: (error as Error).message });
    }
  }
  const reasons = passedOver.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw new AcceleratorError(
    forced && precision === 'float32'
      ? `useAccelerator: LORA_BACKEND=${forced} must name an accelerator of this machine: ${passedOver[0]?.reason}.`
      : `useAccelerator: LORA_PRECISION=bfloat16 must have an accelerator that rounds its products, got none (${reasons}). Leave it out for float32.`,
  );
}

function assertRounds({ rounds = false }: Candidate): void {
  if (!rounds) throw new AcceleratorError('its products are in float32 only');
}

function findCandidate(name: string): Candidate {
  const found = CANDIDATES.find((candidate) => candidate.name === name);
  if (found) return found;
  const names = CANDIDATES.map((candidate) => candidate.name).join(', ');
  throw new AcceleratorError(`useAccelerator: LORA_BACKEND must be one of ${names}, got ${name}.`);
}

/** `setBackend` answers false instead of throwing, and tfjs continues with another backend. */
async function start({ backend, started }: Candidate): Promise<void> {
  tf.enableProdMode(); // without tfjs's advice, printed from plain JS, to use tfjs-node
  const accepted = await tf.setBackend(backend);
  await tf.ready();
  if (!accepted || tf.getBackend() !== backend) {
    throw new AcceleratorError(`tfjs could not start its ${backend} backend`);
  }
  started?.();
}
