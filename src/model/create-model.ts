import { ArgumentError, assertOptions, quote } from '../tensor/errors';
import { ensureAccelerator } from '../tensor/runtime';
import { planModel } from './plans';
import type { LanguageModel } from './transformer';

/** How a model is created. */
export interface CreateOptions {
  /** of its weights; 0 unless given */
  seed?: number;
}

const CALLER = 'createModel';

/**
 * Creates a model with fresh random weights from what its config.json says, such as a tiny one to
 * look at, or one to train from nothing. Any family that `loadModel` knows. Starts the accelerator,
 * if `useAccelerator` did not.
 * @throws FileError listing every fault of the config, ArgumentError if it is no object or the seed
 *   is no integer
 */
export async function createModel(
  configJson: Record<string, unknown>,
  options: CreateOptions = {},
): Promise<LanguageModel> {
  assertOptions(CALLER, options, { seed: 'optional' });
  const { seed = 0 } = options;
  if (typeof configJson !== 'object' || configJson === null || Array.isArray(configJson)) {
    throw new ArgumentError(
      `${CALLER}: the config must be an object as in config.json, got ${quote(configJson)}.`,
    );
  }
  if (!Number.isSafeInteger(seed)) {
    throw new ArgumentError(`${CALLER}: seed must be an integer, got ${quote(seed)}.`);
  }
  const json = structuredClone(configJson);
  const { draw, create } = planModel({ caller: CALLER, file: 'config', json }, null);
  await ensureAccelerator();
  return create(draw(seed));
}
