import { access } from 'node:fs/promises';
import path from 'node:path';
import { replaceFiles, writeFileAtomically } from '../../files/local';
import { type TensorToWrite, writeSafetensors } from '../../files/safetensors';
import { assertOneAdapter, rsLora } from '../../lora';
import { ArgumentError, assertOptions, type OptionKeys } from '../../tensor/errors';
import { assertModule, type Module } from '../../tensor/nn';
import { CONFIG_FILE, failFor, WEIGHTS_FILE, writeInto } from './adapter-files';
import { collectTensors } from './adapter-tensors';
import {
  type BaseParameter,
  baseParameters,
  describeBaseTraining,
  trainedBaseParameters,
} from './base-parameters';
import { type AdapterConfig, assertSpelling, checkConfig, configText } from './config';
import { describeAdapter } from './describe-adapter';
import { replacedTables } from './embedding-tables';
import { modelCard } from './model-card';
import { adaptedLayers, targetLayers, type AdaptedLayer } from './model-layers';
import { planAdapter } from './plan-adapter';

const CALLER = 'savePretrained';

/** Options of `savePretrained`. */
export interface SaveOptions {
  /**
   * more keys of adapter_config.json: those from `loadAdapter`, or information for readers of the
   * file, such as base_model_name_or_path, task_type, and for GPT-2 fan_in_fan_out: true
   */
  config?: Partial<AdapterConfig>;
  /** F16 halves the file and rounds */
  dtype?: 'F32' | 'F16';
}

const OPTIONS: OptionKeys<SaveOptions> = { config: 'optional', dtype: 'optional' };

/**
 * Writes a model's adapter in PEFT's layout: adapter_config.json, adapter_model.safetensors, and a
 * README.md if there is none. Creates the folder if needed. Even if the process is killed, the
 * folder holds the old adapter or the new one, never parts of both. The inverse of `loadAdapter`.
 * @returns the content of adapter_config.json
 * @throws ArgumentError if the model has no adapter or one that the format can't hold, or if
 *   `config` contradicts it, NonFiniteError if a value is NaN or infinite, FileError if `config`
 *   asks for something unsupported or the folder can't be written
 */
export async function savePretrained(
  model: Module,
  folder: string,
  options: SaveOptions = {},
): Promise<AdapterConfig> {
  assertModule(CALLER, model);
  assertOptions(CALLER, options, OPTIONS);
  const { config: given = {}, dtype = 'F32' } = options;
  assertSpelling(CALLER, given);
  assertOneAdapter(CALLER, model);
  const adapted = adaptedLayers(model);
  assertSavable(adapted);
  const all = [...targetLayers(model, null).keys()];
  const trained = describeBaseTraining(CALLER, model);
  const json = { ...describeAdapter(CALLER, adapted, all), ...trained, ...given };
  const config = checkConfig(CALLER, CONFIG_FILE, json);
  assertDescribes(config, adapted, [...targetLayers(model, config.target_modules).keys()]);
  const base = describedBaseParameters(model, config, adapted);
  const saved = new Map([...replacedTables(model), ...base]);
  const tensors = await collectTensors(CALLER, adapted, saved, dtype);
  await writeAdapter(CALLER, folder, config, tensors);
  return config;
}

function assertSavable(adapted: ReadonlyMap<string, AdaptedLayer>): void {
  if (adapted.size === 0) {
    throw new ArgumentError(
      `${CALLER}: model must have an adapter, got none. Put one on it: injectLora.`,
    );
  }
  if ([...adapted.values()].some(({ lora }) => lora.isBaseInitialized)) {
    throw new ArgumentError(
      `${CALLER}: the adapter must not start from the base's weights. Convert it first: convertToLora.`,
    );
  }
}

/** Writes the files of an adapter together. @throws FileError if the folder can't be written */
export async function writeAdapter(
  caller: string,
  folder: string,
  config: AdapterConfig,
  tensors: ReadonlyMap<string, TensorToWrite>,
): Promise<void> {
  await writeInto(caller, folder, async () => {
    await writeCard(path.join(folder, 'README.md'), config);
    await replaceFiles(folder, [WEIGHTS_FILE, CONFIG_FILE], async (staging) => {
      await writeSafetensors(path.join(staging, WEIGHTS_FILE), tensors, { format: 'pt' });
      await writeFileAtomically(path.join(staging, CONFIG_FILE), [configText(config)]);
    });
  });
}

/** Checks that a config, read by PEFT's rules, describes the adapter that the model has. */
function assertDescribes(
  config: AdapterConfig,
  adapted: ReadonlyMap<string, AdaptedLayer>,
  layers: string[],
): void {
  const faults: string[] = [];
  const { use_dora, lora_dropout } = describeAdapter(CALLER, adapted, layers);
  if (config.use_dora !== use_dora) faults.push(`use_dora is ${use_dora}`);
  if (config.lora_dropout !== lora_dropout) faults.push(`lora_dropout is ${lora_dropout}`);
  const plan = planAdapter(config, layers, failFor(CALLER, CONFIG_FILE));
  for (const [name, { r, alpha }] of plan) {
    const lora = adapted.get(name)?.lora;
    const scaling = config.use_rslora ? rsLora(alpha, r) : alpha / r;
    if (!lora) faults.push(`${name} has none`);
    else if (lora.r !== r) faults.push(`${name} has r ${lora.r}, not ${r}`);
    else if (lora.scaling !== scaling)
      faults.push(`${name} is scaled by ${lora.scaling}, not ${scaling}`);
  }
  const missing = [...adapted.keys()].filter((name) => !plan.has(name));
  faults.push(...missing.map((name) => `${name} has one that it does not name`));
  failOn(faults, 'config must describe the adapter of the model');
}

/** The base parameters that a config names: exactly those that are trained. */
function describedBaseParameters(
  model: Module,
  config: AdapterConfig,
  adapted: ReadonlyMap<string, AdaptedLayer>,
): Map<string, BaseParameter> {
  const fail = failFor(CALLER, CONFIG_FILE);
  const parameters = trainedBaseParameters(model, config, new Set(adapted.keys()), fail);
  const named = new Set([...parameters.values()].map(({ name }) => name));
  const faults = [...baseParameters(model)].flatMap(([name, { trainable }]) =>
    trainable === named.has(name) ? [] : [`${name} is ${trainable ? '' : 'not '}trained`],
  );
  failOn(faults, 'bias and modules_to_save must name the base parameters that are trained');
  return parameters;
}

function failOn(faults: readonly string[], rule: string): void {
  if (faults.length === 0) return;
  throw new ArgumentError(
    `${CALLER}: ${rule}, but ${faults.slice(0, 20).join('; ')}. Leave such keys out: they are filled in.`,
  );
}

async function writeCard(file: string, config: AdapterConfig): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) await writeFileAtomically(file, [modelCard(config)]);
}
