import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { FileError, replaceFiles, writeFileAtomically } from '../../files/local';
import { type TensorToWrite, writeSafetensors } from '../../files/safetensors';
import { rsLora } from '../../lora';
import { ArgumentError } from '../../tensor/errors';
import type { Module } from '../../tensor/nn';
import { CONFIG_FILE, WEIGHTS_FILE } from './adapter-files';
import { collectTensors } from './adapter-tensors';
import { baseParameters, describeWhole, wholeParameters } from './base-parameters';
import { type AdapterConfig, checkConfig, configText } from './config';
import { describeAdapter } from './describe-adapter';
import { modelCard } from './model-card';
import { allUpdates, targetLayers, type Update } from './model-layers';
import { planAdapter } from './plan-adapter';

const CALLER = 'savePretrained';

/** What the model does not tell by itself. */
export interface SaveOptions {
  /**
   * keys of adapter_config.json: those that `loadAdapter` gave, or what a reader of the file should
   * know, such as base_model_name_or_path, task_type, and for GPT-2 fan_in_fan_out: true
   */
  config?: Partial<AdapterConfig>;
  /** F16 halves the file and rounds */
  dtype?: 'F32' | 'F16';
}

/**
 * Writes a model's updates as an adapter that PEFT loads: adapter_config.json,
 * adapter_model.safetensors, and a README.md where there is none. The folder is made if need be.
 * Whatever happens, a kill too, the folder holds the old adapter or the new one, never parts of
 * both. The inverse of `loadAdapter`.
 * @returns what adapter_config.json says now
 * @throws ArgumentError if the model has no updates or others than plain ones, or `config` says anything else than they are,
 *   NonFiniteError if one is NaN or infinite, FileError if `config` holds what is unsupported or
 *   the folder can't be written
 */
export async function savePretrained(
  model: Module,
  folder: string,
  { config: given = {}, dtype = 'F32' }: SaveOptions = {},
): Promise<AdapterConfig> {
  model.assertAlive(CALLER);
  const updates = allUpdates(model);
  if (updates.size === 0) {
    throw new ArgumentError(`${CALLER}: model must have updates. Put some there: injectLora.`);
  }
  if ([...updates.values()].some(({ lora }) => lora.isBaseInitialized)) {
    throw new ArgumentError(
      `${CALLER}: the updates must be plain, but started from the base's weights. Convert them first: convertToLora.`,
    );
  }
  const all = [...targetLayers(model, null).keys()];
  const trained = describeWhole(CALLER, model);
  const json = { ...describeAdapter(CALLER, updates, all), ...trained, ...given };
  const config = checkConfig(CALLER, CONFIG_FILE, json);
  const layers = targetLayers(model, config.target_modules);
  assertSays(config, updates, [...layers.keys()]);
  const whole = wholeOf(model, config, updates);
  const tensors = await collectTensors(CALLER, updates, layers, whole, dtype);
  await writeAdapter(CALLER, folder, config, tensors);
  return config;
}

/** Writes the files of an adapter together. @throws FileError if the folder can't be written */
export async function writeAdapter(
  caller: string,
  folder: string,
  config: AdapterConfig,
  tensors: ReadonlyMap<string, TensorToWrite>,
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await writeCard(path.join(folder, 'README.md'), config);
    await replaceFiles(folder, [WEIGHTS_FILE, CONFIG_FILE], async (staging) => {
      await writeSafetensors(path.join(staging, WEIGHTS_FILE), tensors, { format: 'pt' });
      await writeFileAtomically(path.join(staging, CONFIG_FILE), [configText(config)]);
    });
  } catch (error) {
    const fault = `the folder must be writable: ${(error as Error).message}. It holds the old adapter or the new one, whole.`;
    throw new FileError(caller, folder, [fault], error);
  }
}

/** Read by PEFT's rules, the config must mean the very updates that the model has. */
function assertSays(
  config: AdapterConfig,
  updates: ReadonlyMap<string, Update>,
  layers: string[],
): void {
  const faults: string[] = [];
  const { use_dora, lora_dropout } = describeAdapter(CALLER, updates, layers);
  if (config.use_dora !== use_dora) faults.push(`use_dora is ${use_dora}`);
  if (config.lora_dropout !== lora_dropout) faults.push(`lora_dropout is ${lora_dropout}`);
  const plan = planAdapter(config, layers, (fault) => {
    throw new FileError(CALLER, CONFIG_FILE, [fault]);
  });
  for (const [name, { r, alpha }] of plan) {
    const lora = updates.get(name)?.lora;
    const scaling = config.use_rslora ? rsLora(alpha, r) : alpha / r;
    if (!lora) faults.push(`${name} has none`);
    else if (lora.r !== r) faults.push(`${name} has r ${lora.r}, not ${r}`);
    else if (lora.scaling !== scaling)
      faults.push(`${name} is scaled by ${lora.scaling}, not ${scaling}`);
  }
  const silent = [...updates.keys()].filter((name) => !plan.has(name));
  faults.push(...silent.map((name) => `${name} has one that it does not name`));
  if (faults.length === 0) return;
  throw new ArgumentError(
    `${CALLER}: config must say what the updates of the model are, but ${faults.slice(0, 20).join('; ')}. Leave such keys out: they are filled in.`,
  );
}

/** Of the base, the config must name all that is trained and no more. */
function wholeOf(model: Module, config: AdapterConfig, updates: ReadonlyMap<string, Update>) {
  const whole = wholeParameters(model, config, new Set(updates.keys()), (fault) => {
    throw new FileError(CALLER, CONFIG_FILE, [fault]);
  });
  const named = new Set([...whole.values()].map(({ name }) => name));
  const faults = [...baseParameters(model)].flatMap(([name, { trainable }]) =>
    trainable === named.has(name) ? [] : [`${name} is ${trainable ? '' : 'not '}trained`],
  );
  if (faults.length === 0) return whole;
  throw new ArgumentError(
    `${CALLER}: bias and modules_to_save must say what of the base is trained, but ${faults.slice(0, 20).join('; ')}. Leave such keys out: they are filled in.`,
  );
}

async function writeCard(file: string, config: AdapterConfig): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) await writeFileAtomically(file, [modelCard(config)]);
}
