import * as tf from '@tensorflow/tfjs';
import { AcceleratorError } from '../errors';
import { isBackendChosen } from '../op';
import { openCuda, openNativeCpu } from './native';
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
  open: (forced: boolean) => Promise<string>;
  /** Runs once tfjs computes on it. */
  started?: () => void;
}

const CANDIDATES: Candidate[] = [
  { name: 'cuda', backend: 'tensorflow', open: openCuda },
  {
    name: 'webgpu',
    backend: 'webgpu',
    open: (forced) => openWebGpu({ software: forced }),
    started: throwDeviceErrors,
  },
  { name: 'cpu-native', backend: 'tensorflow', open: openNativeCpu },
  { name: 'wasm', backend: 'wasm', open: openWasm },
  { name: 'js', backend: 'cpu', open: () => Promise.resolve('CPU, plain JavaScript') },
];

let chosen: Promise<Accelerator> | undefined;

/**
 * Picks the fastest accelerator of this machine, once, and makes tfjs compute on it.
 * `LORA_BACKEND=cuda|webgpu|cpu-native|wasm|js` forces one. A software GPU driver is taken only
 * if it is forced.
 * @throws AcceleratorError if the forced one is unknown or not there
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
  const passedOver: Accelerator['passedOver'] = [];
  for (const candidate of candidates) {
    const { name, backend } = candidate;
    try {
      const device = await candidate.open(Boolean(forced));
      await start(candidate);
      return { name, backend, device, passedOver };
    } catch (error) {
      passedOver.push({ name, reason: (error as Error).message });
    }
  }
  throw new AcceleratorError(
    `useAccelerator: LORA_BACKEND=${forced} must name an accelerator of this machine: ${passedOver[0]?.reason}.`,
  );
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
