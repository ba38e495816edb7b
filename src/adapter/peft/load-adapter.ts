import * as tf from '@tensorflow/tfjs';
import { namingDamage } from '../../files/hub';
import { readJson } from '../../files/local';
import { assertOneAdapter, Dora, dora, injectLora, rsLora } from '../../lora';
import { ArgumentError, assertOptions, type NoOptions, quote } from '../../tensor/errors';
import { assertModule, type Module } from '../../tensor/nn';
import { injectEmbeddings } from '../embedding';
import {
  CONFIG_FILE,
  failFor,
  fileInside,
  MAX_CONFIG_BYTES,
  WEIGHTS_FILE,
  type Fail,
} from './adapter-files';
import { type Factors, factorsByLayer, factorShapes, readTensors } from './adapter-tensors';
import { type BaseParameter, trainedBaseParameters } from './base-parameters';
import { assertTablesAgree, embeddingTables, replaceTables } from './embedding-tables';
import { type AdapterConfig, checkConfig, unknownKeys } from './config';
import { adaptedLayers, type LayerSize, targetLayers } from './model-layers';
import { planAdapter, type PlannedLayer, planLayers } from './plan-adapter';
import { assign, startBaseTraining } from './train-base-parameters';

const CALLER = 'loadAdapter';

/** The content of a loaded adapter's files, apart from the tensors now in the model. */
export interface LoadedAdapter {
  /** the layers that have an adapter now */
  names: string[];
  /** everything in adapter_config.json: give it to `savePretrained` and nothing is lost */
  config: AdapterConfig;
  /** keys of the config that PEFT 0.21 does not know; they are kept, and change nothing */
  unknownKeys: string[];
  /**
   * Restores and freezes the parameters of the base that the adapter replaced (`bias`,
   * `modules_to_save`, `save_embedding_layers`); `removeLora` leaves them.
   */
  restoreBase: () => void;
}

/** The changes that an adapter's config asks for in a model, checked against that model. */
interface AdapterPlan {
  config: AdapterConfig;
  /** the layers that get an adapter, by name */
  layers: ReadonlyMap<string, PlannedLayer>;
  /** the parameters of the base that get new values, by PEFT's names for the tensors */
  base: ReadonlyMap<string, BaseParameter>;
  /** the embedding tables that the file may hold too, by PEFT's names for the tensors */
  tables: ReadonlyMap<string, BaseParameter>;
}

/** The tensors that a plan names, read. */
interface AdapterValues {
  /** by layer */
  factors: ReadonlyMap<string, Factors>;
  /** by PEFT's names for the tensors */
  base: ReadonlyMap<string, Float32Array>;
}

/**
 * Loads an adapter in PEFT's layout (adapter_config.json, adapter_model.safetensors) onto the
 * layers of its base model, which is frozen as by `injectLora`. Trusts nothing in the files, and
 * checks all of it before the model is changed.
 * @throws FileError listing every fault and every feature that is unsupported, SafetensorsError
 *   if the weights file is broken, ArgumentError if the model has an adapter already
 */
export async function loadAdapter(
  model: Module,
  folder: string,
  options: NoOptions = {},
): Promise<LoadedAdapter> {
  assertModule(CALLER, model);
  assertOptions(CALLER, options, {});
  const added = 'loadAdapter(model, folder)';
  assertOneAdapter(CALLER, model, added);
  if (adaptedLayers(model).size > 0) {
    throw new ArgumentError(
      `${CALLER}: model must have no adapter, but has one. Remove or merge it first (removeLora, mergeLora). If it is in an AdapterBank, use bank.add(name, (model) => ${added}).`,
    );
  }
  const { plan, values } = await namingDamage(CALLER, async () => {
    const plan = await readPlan(model, folder);
    return { plan, values: await readValues(plan, folder) };
  });
  const restoreBase = await apply(model, plan, values);
  const { config, layers } = plan;
  return { names: [...layers.keys()], config, unknownKeys: unknownKeys(config), restoreBase };
}

/** @throws FileError if the config is broken, unsupported or does not fit the model */
async function readPlan(model: Module, folder: string): Promise<AdapterPlan> {
  const file = await fileInside(CALLER, folder, CONFIG_FILE);
  const fail = failFor(CALLER, file);
  const config = checkConfig(CALLER, file, await readJson(CALLER, file, MAX_CONFIG_BYTES));
  const targets = targetLayers(model, config.target_modules);
  const layers = planLayers(config, targets, fail);
  assertFits(model, config, layers, targets, fail);
  const base = trainedBaseParameters(model, config, new Set(layers.keys()), fail);
  const trained = new Set([...base.values()].map(({ name }) => name));
  const tables = [...embeddingTables(model)].filter(([, { name }]) => !trained.has(name));
  return { config, layers, base, tables: new Map(tables) };
}

/** @throws FileError if the weights file does not hold the planned tensors, all of them finite */
async function readValues(
  { config, layers, base, tables }: AdapterPlan,
  folder: string,
): Promise<AdapterValues> {
  const file = await fileInside(CALLER, folder, WEIGHTS_FILE);
  const shapes = factorShapes(layers, config.use_dora);
  for (const [name, { shape }] of base) shapes.set(name, shape);
  const optional = new Map([...tables].map(([name, { shape }]) => [name, shape]));
  const values = await readTensors(CALLER, file, shapes, optional);
  assertTablesAgree(values, tables, failFor(CALLER, file));
  return { factors: factorsByLayer(values, layers, config.use_dora), base: values };
}

/** Changes the model. @returns what restores the base's parameters */
async function apply(model: Module, plan: AdapterPlan, values: AdapterValues): Promise<() => void> {
  inject(model, plan);
  for (const [name, { lora, variant }] of adaptedLayers(model)) {
    const { A, B, magnitude } = values.factors.get(name) as Factors;
    tf.tidy(() => {
      lora.A.assign(tf.tensor2d(A, lora.A.shape));
      lora.B.assign(tf.tensor2d(B, lora.B.shape));
      if (magnitude && variant instanceof Dora) variant.magnitude.assign(tf.tensor1d(magnitude));
    });
  }
  const { restoreBase } = await startBaseTraining([...plan.base.values()]);
  for (const [name, { parameter, isTransposed }] of plan.base) {
    assign(parameter, values.base.get(name) as Float32Array, isTransposed);
  }
  const restoreTables = await replaceTables(model, plan.tables, values.base);
  return () => {
    restoreBase();
    restoreTables();
  };
}

function inject(model: Module, { config, layers }: AdapterPlan): void {
  const size = (name: string) => layers.get(name) as PlannedLayer;
  const options = {
    r: (name: string) => size(name).r,
    alpha: (name: string) => size(name).alpha,
    dropout: config.lora_dropout,
    ...(config.use_rslora ? { scaling: rsLora } : {}),
  };
  const embeddings = [...layers.keys()].filter((name) => size(name).isEmbedding);
  if (embeddings.length < layers.size) {
    const targetModules = (name: string) => layers.has(name) && !size(name).isEmbedding;
    const variant = config.use_dora ? { variant: dora } : {};
    injectLora(model, { ...options, ...variant, targetModules });
  }
  if (embeddings.length > 0) injectEmbeddings(model, { ...options, targetModules: embeddings });
}

/** Every fault of the planned layers, in one error. */
function assertFits(
  model: Module,
  config: AdapterConfig,
  layers: ReadonlyMap<string, PlannedLayer>,
  targets: ReadonlyMap<string, LayerSize>,
  fail: Fail,
): void {
  const { use_dora, target_modules } = config;
  const faults: string[] = headFaults(model, config, targets, fail);
  if (use_dora && [...layers.values()].some(({ isEmbedding }) => isEmbedding)) {
    faults.push('use_dora = true is unsupported on embeddings.');
  }
  if (layers.size === 0 && faults.length === 0) {
    const endings = new Set([...targets.keys()].map((name) => name.split('.').at(-1)));
    faults.push(
      `target_modules must match linear layers of the model, got ${quote(target_modules)}. There are ${targets.size}, called ${[...endings].join(', ')}.`,
    );
  }
  if (faults.length > 0) fail(...faults);
}

/** PEFT's name for the head, which gets an adapter there also where it is the embedding table. */
const HEAD = 'lm_head';

function headFaults(
  { tiedModules }: Module,
  config: AdapterConfig,
  targets: ReadonlyMap<string, LayerSize>,
  fail: Fail,
): string[] {
  const [tied] = tiedModules;
  const { target_modules: given } = config;
  const isAllLinear = typeof given === 'string' && given.toLowerCase() === 'all-linear';
  if (tied === undefined || isAllLinear || targets.has(HEAD)) return [];
  if (!planAdapter(config, [HEAD], fail).has(HEAD)) return [];
  return [
    `target_modules = ${quote(given)} is unsupported: it names ${HEAD}, which is ${tied} here and has no layer of its own.`,
  ];
}
