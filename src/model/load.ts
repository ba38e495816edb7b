import { Tokenizer } from '@huggingface/tokenizers';
import * as tf from '@tensorflow/tfjs';
import { findFile, HUB_OPTIONS, type HubOptions, namingDamage } from '../files/hub';
import { FileError, readJson } from '../files/local';
import { ArgumentError, assertOptions, kindOf, quote } from '../tensor/errors';
import type { MakeLinear } from '../tensor/nn';
import { readBpe } from './bpe-tokenizer';
import { type Find, findWeights } from './find-weights';
import { type GenerationConfig, readGenerationConfig } from './generation-config';
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
  readWeights,
  type WeightLayout,
  type Weights,
} from './transformer';

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
    const checked = check('loadModel', file, json);
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
 * shards with their index, or by its name on Hugging Face's hub: 'distilgpt2', 'gpt2', 'owner/name'.
 * A folder goes first; a name is fetched once into the hub's cache. Where there is a
 * generation_config.json, its `eos_token_id` ends a text. Starts the accelerator, if `useAccelerator`
 * did not. Everything is checked before anything is built.
 * @throws FileError listing every fault, SafetensorsError if the weights file is broken,
 *   ArgumentError if the name is neither or an option is unknown, HubError if the hub does not give out the model,
 *   DownloadError if it does not arrive
 */
export async function loadModel(
  nameOrFolder: string,
  options: LoadOptions = {},
): Promise<LanguageModel> {
  assertOptions('loadModel', options, { linear: 'optional', ...HUB_OPTIONS });
  const { linear, ...hub } = options;
  assertMakesLayers(linear);
  const find = finder('loadModel', nameOrFolder, hub);
  return namingDamage('loadModel', async () => {
    const { layout, create } = await readPlan(nameOrFolder, await find('config.json'), hub);
    const weights = await readWeights(await findWeights('loadModel', find), layout, linear);
    try {
      return create(weights);
    } finally {
      for (const weight of weights.values()) if (weight instanceof tf.Tensor) weight.dispose();
    }
  });
}

function assertMakesLayers(linear: unknown): void {
  if (linear === undefined || typeof linear === 'function') return;
  throw new ArgumentError(
    `loadModel: linear must be a function that makes a layer, such as quantizedLinear() or halfLinear, got ${quote(linear)}.`,
  );
}

function finder(caller: string, model: string, options: HubOptions): Find {
  assertName(caller, model);
  return (file, ...others) => findFile({ caller, model, file }, options, others);
}

function assertName(caller: string, nameOrFolder: unknown): void {
  if (typeof nameOrFolder === 'string' && nameOrFolder !== '') return;
  throw new ArgumentError(
    `${caller}: the model must be a folder or a name on the hub such as distilgpt2, got ${quote(nameOrFolder)}.`,
  );
}

async function readPlan(model: string, file: string, options: HubOptions): Promise<ModelPlan> {
  const caller = 'loadModel';
  const json = await readJson(caller, file);
  const { model_type: type = 'gpt2' } = json; // old files have none
  const plan = typeof type === 'string' ? PLANS.get(type) : undefined;
  if (!plan) {
    const known = [...PLANS.keys()].join(', ');
    throw new FileError(caller, file, [`model_type must be one of ${known}, got ${quote(type)}.`]);
  }
  const config = { file, json };
  return plan(file, json, await readGenerationConfig({ caller, model, config }, options));
}

/**
 * Loads the tokenizer of a model, its tokenizer.json, or vocab.json and merges.txt, from where
 * `loadModel` finds the model, and checks that it fits.
 * @throws ArgumentError if the config is left out, FileError if the file is missing or broken, or has
 *   ids beyond the vocabulary, and for a name what `loadModel` throws
 */
export async function loadTokenizer(
  nameOrFolder: string,
  config: LanguageModelConfig,
  options: HubOptions = {},
): Promise<Tokenizer> {
  const caller = 'loadTokenizer';
  assertConfig(caller, config);
  assertOptions(caller, options, HUB_OPTIONS);
  const find = finder(caller, nameOrFolder, options);
  return namingDamage(caller, async () => {
    const file = await find('tokenizer.json', 'vocab.json');
    const isOld = file.endsWith('vocab.json');
    const json = isOld
      ? await readBpe(caller, file, await find('merges.txt'))
      : await readJson(caller, file);
    return checkTokenizer(caller, file, json, config);
  });
}

function assertConfig(caller: string, config: unknown): void {
  if (typeof (config as Partial<LanguageModelConfig> | undefined)?.vocabSize === 'number') return;
  throw new ArgumentError(
    `${caller}: config must be that of the model, which must have vocabSize, got ${kindOf(config)}. Write ${caller}(name, model.config).`,
  );
}

function checkTokenizer(
  caller: string,
  file: string,
  json: object,
  config: LanguageModelConfig,
): Tokenizer {
  const tokenizer = parseTokenizer(json, (fault, cause) => {
    throw new FileError(caller, file, [fault], cause);
  });
  const beyond = [...tokenizer.get_vocab(true)].find(([, id]) => !(id < config.vocabSize));
  if (!beyond) return tokenizer;
  const shown = `${JSON.stringify(beyond[0])} = ${beyond[1]}`;
  throw new FileError(caller, file, [
    `each token id must be below the model's vocab_size ${config.vocabSize}, got ${shown}. Does the tokenizer belong to this model?`,
  ]);
}

function parseTokenizer(json: object, fail: (fault: string, cause: unknown) => never): Tokenizer {
  try {
    // Python's default; the library's own would drop spaces before punctuation.
    return new Tokenizer(json, { clean_up_tokenization_spaces: false });
  } catch (error) {
    return fail(`the file must hold a tokenizer: ${(error as Error).message}.`, error);
  }
}
