import * as tf from '@tensorflow/tfjs';
import { HUB_OPTIONS, type HubOptions, namingDamage } from '../files/hub';
import { FileError, readJson } from '../files/local';
import { openWeights } from '../files/safetensors';
import { ArgumentError, assertOptions, quote } from '../tensor/errors';
import type { MakeLinear } from '../tensor/nn';
import { finder, isGguf } from './find';
import { findWeights } from './find-weights';
import { type GenerationConfig, readGenerationConfig } from './generation-config';
import { openGgufModel } from './gguf';
import { checkConfig, GPT2, weightLayout } from './gpt2';
import {
  checkConfig as checkLlamaConfig,
  FAMILIES,
  type Family,
  Llama,
  weightLayout as llamaLayout,
} from './llama';
import {
  type LanguageModel,
  type LanguageModelConfig,
  type ModelSource,
  takeWeights,
  type WeightLayout,
  type Weights,
  type WeightsReader,
} from './transformer';

const CALLER = 'loadModel';

/** The source of a model, and the kind of its linear layers. */
export interface LoadOptions extends HubOptions {
  /** makes each linear layer, as soon as its weights are read; a `Linear` unless given */
  linear?: MakeLinear;
}

/** The model that a config.json describes, before its weights are read. */
interface ModelPlan {
  layout: WeightLayout;
  create: (weights: Weights) => LanguageModel;
}

/** Checks a config.json. The ends of generation_config.json go first, as in transformers. */
type Plan = (
  file: string,
  json: Record<string, unknown>,
  generation: GenerationConfig | null,
) => ModelPlan;

/** Plans the models of a class, from how its config is checked and its weights are laid out. */
function planOf<Config extends LanguageModelConfig>(
  check: (caller: string, file: string, json: Record<string, unknown>) => Config,
  layoutOf: (config: Config) => WeightLayout,
  Model: new (config: Config, weights: Weights, source: ModelSource) => LanguageModel,
): Plan {
  return (file, json, generation) => {
    const checked = check(CALLER, file, json);
    const config = { ...checked, eosTokenIds: generation?.eosTokenIds ?? checked.eosTokenIds };
    const source = { config: json, generation: generation?.json };
    return { layout: layoutOf(config), create: (weights) => new Model(config, weights, source) };
  };
}

function planLlama(family: Family): Plan {
  return planOf((...args) => checkLlamaConfig(...args, family), llamaLayout, Llama);
}

/** The model families by their `model_type`. */
const PLANS = new Map<string, Plan>([
  ['gpt2', planOf(checkConfig, weightLayout, GPT2)],
  ...FAMILIES.map((family) => [family.modelType, planLlama(family)] as const),
]);

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
    const weights = await read.finally(() => reader.close());
    try {
      return plan.create(weights);
    } finally {
      for (const weight of weights.values()) if (weight instanceof tf.Tensor) weight.dispose();
    }
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
    return { plan: planFor(file, config)(file, config, null), file, reader };
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
  const json = await readJson(CALLER, file);
  const plan = planFor(file, json);
  const config = { file, json };
  return plan(file, json, await readGenerationConfig({ caller: CALLER, model, config }, options));
}

/** The plan of the family that a config.json names; old ones name none. */
function planFor(file: string, { model_type: type = 'gpt2' }: Record<string, unknown>): Plan {
  const plan = typeof type === 'string' ? PLANS.get(type) : undefined;
  if (plan) return plan;
  const known = [...PLANS.keys()].join(', ');
  throw new FileError(CALLER, file, [`model_type must be one of ${known}, got ${quote(type)}.`]);
}
