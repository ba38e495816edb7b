import { HUB_OPTIONS, type HubOptions, namingDamage } from '../files/hub';
import { readJson } from '../files/local';
import { openWeights } from '../files/safetensors';
import { ArgumentError, assertOptions, quote } from '../tensor/errors';
import type { MakeLinear } from '../tensor/nn';
import { finder, isGguf } from './find';
import { findWeights } from './find-weights';
import { readGenerationConfig } from './generation-config';
import { openGgufModel } from './gguf';
import { type ModelPlan, planModel } from './plans';
import { type LanguageModel, takeWeights, type WeightsReader } from './transformer';

const CALLER = 'loadModel';

/** The source of a model, and the kind of its linear layers. */
export interface LoadOptions extends HubOptions {
  /** makes each linear layer, as soon as its weights are read; a `Linear` unless given */
  linear?: MakeLinear;
}

/**
 * Loads a model from a folder in Hugging Face's layout, config.json and model.safetensors or its
 * shards with their index, by its name on Hugging Face's hub: 'distilgpt2', 'owner/name',
 * 'owner/name@revision', or from a GGUF file. A folder goes first; a name is fetched once into the
 * hub's cache. Where there is a generation_config.json, its `eos_token_id` ends a text. Starts the
 * accelerator, if `useAccelerator` did not. Everything is checked before anything is built.
 * @throws FileError listing every fault, SafetensorsError or GgufError if the weights file is broken,
 *   ArgumentError if the name is neither or an option is unknown, HubError if the hub does not give out the model,
 *   DownloadError if it does not arrive
 */
export async function loadModel(
  nameFolderOrGguf: string,
  options: LoadOptions = {},
): Promise<LanguageModel> {
  assertOptions(CALLER, options, { linear: 'optional', ...HUB_OPTIONS });
  const { linear, ...hub } = options;
  assertMakesLayers(linear);
  return namingDamage(CALLER, async () => {
    const { plan, file, reader } = isGguf(nameFolderOrGguf)
      ? await openGguf(nameFolderOrGguf)
      : await openFiles(nameFolderOrGguf, hub);
    const read = takeWeights(reader, file, plan.layout, linear);
    return plan.create(await read.finally(() => reader.close()));
  });
}

/** A model's files: what is to be built, and the weights for it. The caller closes the reader. */
interface Source {
  plan: ModelPlan;
  file: string;
  reader: WeightsReader;
}

async function openGguf(file: string): Promise<Source> {
  const reader = await openGgufModel(CALLER, file);
  const { config } = reader;
  try {
    const plan = planModel({ caller: CALLER, file, json: config }, null);
    return { plan, file, reader };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function openFiles(model: string, hub: HubOptions): Promise<Source> {
  const find = finder(CALLER, model, hub);
  const plan = await readPlan(model, await find('config.json'), hub);
  const file = await findWeights(CALLER, find);
  return { plan, file, reader: await openWeights(file) };
}

function assertMakesLayers(linear: unknown): void {
  if (linear === undefined || typeof linear === 'function') return;
  throw new ArgumentError(
    `${CALLER}: linear must be a function that makes a layer, such as quantizedLinear() or halfLinear, got ${quote(linear)}.`,
  );
}

async function readPlan(model: string, file: string, options: HubOptions): Promise<ModelPlan> {
  const config = { caller: CALLER, file, json: await readJson(CALLER, file) };
  return planModel(config, await readGenerationConfig({ caller: CALLER, model, config }, options));
}
