import * as tf from '@tensorflow/tfjs';
import { AcceleratorError } from '../errors';

/** The part of tfjs's engine that chooses the backend. */
interface Engine {
  backendName: string | undefined;
  /** asked for the names only where tfjs must choose by itself */
  getSortedBackends(): string[];
  /** called by `tf.setBackend`, and by tfjs itself once it has chosen */
  setBackend(name: string): Promise<boolean>;
}

const engine = tf.engine() as unknown as Engine;
let isChoosing = false;
let choseItself = false;
noteChoices();

/**
 * Whether a backend was chosen: by `useAccelerator`, or by the caller through tfjs. At the first
 * tensor tfjs takes one by itself, which in Node is plain JavaScript, unless tfjs-node is loaded.
 */
export function isBackendChosen(): boolean {
  const { backendName } = engine;
  return Boolean(backendName) && !(choseItself && backendName === 'cpu');
}

/** @throws AcceleratorError, in the caller's name, if no backend was chosen */
export function assertBackendChosen(caller: string): void {
  if (isBackendChosen()) return;
  throw new AcceleratorError(
    `${caller}: an accelerator must be started before, got none: plain JavaScript would compute, 50 times slower. Add a line before this: await useAccelerator(); it is exported by tensor. Or choose a backend of tfjs: await tf.setBackend(name).`,
  );
}

function noteChoices(): void {
  const getSortedBackends = engine.getSortedBackends.bind(engine);
  const setBackend = engine.setBackend.bind(engine);
  engine.getSortedBackends = () => {
    isChoosing = true;
    return getSortedBackends();
  };
  engine.setBackend = (name) => {
    choseItself = isChoosing;
    isChoosing = false;
    return setBackend(name);
  };
}
