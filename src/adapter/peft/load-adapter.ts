import * as tf from '@tensorflow/tfjs';
import { FileError, readJson } from '../../files/local';
import { Dora, dora, injectLora, rsLora } from '../../lora';
import { ArgumentError, quote } from '../../tensor/errors';
import type { Module } from '../../tensor/nn';
import { injectEmbeddings } from '../embedding';
import { CONFIG_FILE, fileInside, MAX_CONFIG_BYTES, WEIGHTS_FILE } from './adapter-files';
import { readTensors, updateShapes, type UpdateValues, updateValues } from './adapter-tensors';
import { type WholeParameter, wholeParameters } from './base-parameters';
import { type AdapterConfig, checkConfig, unknownKeys } from './config';
import { allUpdates, type LayerSize, targetLayers } from './model-layers';
import { planAdapter, type UpdateSize } from './plan-adapter';
import { assign, startWhole } from './train-base-parameters';

const CALLER = 'loadAdapter';

/** What a loaded adapter's files say, beyond what now stands in the model. */
export interface LoadedAdapter {
  /** the layers that have an update now */
  names: string[];
  /** everything that adapter_config.json says: hand it to `savePretrained` and nothing is lost */
  config: AdapterConfig;
  /** keys of the config that PEFT 0.21 does not know; they are kept, and change nothing */
  unknownKeys: string[];
  /**
   * Puts back what the adapter changed of the base itself (`bias`, `modules_to_save`), which
   * `removeLora` leaves, and freezes it
   */
  restoreBase: () => void;
}

/**
 * Puts an adapter in PEFT's layout (adapter_config.json, adapter_model.safetensors) beside the
 * layers of its base model, frozen as by `injectLora`. Trusts nothing in the files, and checks all
 * of it before the model is touched.
 * @throws FileError listing every fault and every feature that is unsupported, SafetensorsError
 *   if the weights file is broken, ArgumentError if the model has updates already
 */
export async function loadAdapter(model: Module, folder: string): Promise<LoadedAdapter> {
  model.assertAlive(CALLER);
  if (allUpdates(model).size > 0) {
    throw new ArgumentError(
      `${CALLER}: model must have no updates, but has. Remove or merge them first (removeLora, mergeLora).`,
    );
  }
  const configFile = await fileInside(CALLER, folder, CONFIG_FILE);
  const config = checkConfig(
    CALLER,
    configFile,
    await readJson(CALLER, configFile, MAX_CONFIG_BYTES),
  );
  const layers = targetLayers(model, config.target_modules);
  const plan = planFor(layers, config, configFile);
  const weightsFile = await fileInside(CALLER, folder, WEIGHTS_FILE);
  const whole = wholeParameters(model, config, new Set(plan.keys()), (fault) => {
    throw new FileError(CALLER, configFile, [fault]);
  });
  const shapes = updateShapes(plan, layers, config.use_dora);
  for (const [name, { shape }] of whole) shapes.set(name, shape);
  const values = await readTensors(CALLER, weightsFile, shapes);
  const names = [...plan.keys()];
  inject(model, config, plan, layers);
  putUpdates(model, updateValues(values, layers, names, config.use_dora));
  const restoreBase = await putWhole(whole, values);
  return { names, config, unknownKeys: unknownKeys(config), restoreBase };
}

async function putWhole(
  whole: ReadonlyMap<string, WholeParameter>,
  values: ReadonlyMap<string, Float32Array>,
): Promise<() => void> {
  const { restoreBase } = await startWhole([...whole.values()]);
  for (const [name, { parameter, isTurned }] of whole) {
    assign(parameter, values.get(name) as Float32Array, isTurned);
  }
  return restoreBase;
}

function planFor(
  layers: ReadonlyMap<string, LayerSize>,
  config: AdapterConfig,
  file: string,
): Map<string, UpdateSize> {
  const plan = planAdapter(config, [...layers.keys()], (fault) => {
    throw new FileError(CALLER, file, [fault]);
  });
  const faults = [...plan].flatMap(([name, { r }]) => {
    const { inFeatures = 0, outFeatures = 0 } = layers.get(name) ?? {};
    const most = Math.min(inFeatures, outFeatures);
    return r > most
      ? [`r of ${name} must be at most ${most}, the layer's own rank, got ${r}.`]
      : [];
  });
  if (config.use_dora && [...plan.keys()].some((name) => layers.get(name)?.isEmbedding)) {
    faults.push('use_dora = true is unsupported beside embeddings.');
  }
  if (plan.size === 0) {
    const endings = new Set([...layers.keys()].map((name) => name.split('.').at(-1)));
    faults.push(
      `target_modules must match linear layers of the model, got ${quote(config.target_modules)}. There are ${layers.size}, called ${[...endings].join(', ')}.`,
    );
  }
  if (faults.length > 0) throw new FileError(CALLER, file, faults);
  return plan;
}

function inject(
  model: Module,
  config: AdapterConfig,
  plan: ReadonlyMap<string, UpdateSize>,
  layers: ReadonlyMap<string, LayerSize>,
): void {
  const options = {
    r: (name: string) => (plan.get(name) as UpdateSize).r,
    alpha: (name: string) => (plan.get(name) as UpdateSize).alpha,
    dropout: config.lora_dropout,
    ...(config.use_rslora ? { scaling: rsLora } : {}),
  };
  const [tables, linear] = [true, false].map((isEmbedding) =>
    [...plan.keys()].filter((name) => Boolean(layers.get(name)?.isEmbedding) === isEmbedding),
  ) as [string[], string[]];
  const variant = config.use_dora ? { variant: dora } : {};
  const targetModules = (name: string) => linear.includes(name);
  if (linear.length > 0) injectLora(model, { ...options, ...variant, targetModules });
  if (tables.length > 0) injectEmbeddings(model, { ...options, targetModules: tables });
}

function putUpdates(model: Module, values: ReadonlyMap<string, UpdateValues>): void {
  for (const [name, { lora, rescale }] of allUpdates(model)) {
    const { A, B, magnitude } = values.get(name) as UpdateValues;
    tf.tidy(() => {
      lora.A.assign(tf.tensor2d(A, lora.A.shape));
      lora.B.assign(tf.tensor2d(B, lora.B.shape));
      if (magnitude && rescale instanceof Dora) rescale.magnitude.assign(tf.tensor1d(magnitude));
    });
  }
}
