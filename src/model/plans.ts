import * as tf from '@tensorflow/tfjs';
import { FileError } from '../files/local';
import { quote } from '../tensor/errors';
import type { GenerationConfig } from './generation-config';
import { checkConfig, drawWeights, GPT2, weightLayout } from './gpt2';
import {
  checkConfig as checkLlamaConfig,
  drawWeights as drawLlamaWeights,
  FAMILIES,
  type Family,
  Llama,
  weightLayout as llamaLayout,
} from './llama';
import type {
  LanguageModel,
  LanguageModelConfig,
  ModelSource,
  WeightLayout,
  Weights,
} from './transformer';

/** The model that a config.json describes, before it has weights. */
export interface ModelPlan {
  layout: WeightLayout;
  /** fresh weights */
  draw: (seed: number) => Weights;
  /** Builds the model, and frees the tensors that it was built from. */
  create: (weights: Weights) => LanguageModel;
}

/** A config.json, and where it is from. */
export interface ConfigFile {
  caller: string;
  file: string;
  json: Record<string, unknown>;
}

/** Checks a config.json. The ends of generation_config.json go first, as in transformers. */
type Plan = (config: ConfigFile, generation: GenerationConfig | null) => ModelPlan;

/** A class of models: how its config is checked, and its weights are laid out and drawn. */
interface ModelClass<Config extends LanguageModelConfig> {
  check: (caller: string, file: string, json: Record<string, unknown>) => Config;
  layout: (config: Config) => WeightLayout;
  draw: (config: Config, seed: number) => Weights;
  Model: new (config: Config, weights: Weights, source: ModelSource) => LanguageModel;
}

function planOf<Config extends LanguageModelConfig>({
  check,
  layout,
  draw,
  Model,
}: ModelClass<Config>): Plan {
  return ({ caller, file, json }, generation) => {
    const checked = check(caller, file, json);
    const config = { ...checked, eosTokenIds: generation?.eosTokenIds ?? checked.eosTokenIds };
    const source = { config: json, generation: generation?.json };
    return {
      layout: layout(config),
      draw: (seed) => draw(config, seed),
      create: (weights) => {
        try {
          return new Model(config, weights, source);
        } finally {
          for (const weight of weights.values()) if (weight instanceof tf.Tensor) weight.dispose();
        }
      },
    };
  };
}

const gpt2 = planOf({ check: checkConfig, layout: weightLayout, draw: drawWeights, Model: GPT2 });

function planLlama(family: Family): Plan {
  return planOf({
    check: (caller, file, json) => checkLlamaConfig(caller, file, json, family),
    layout: llamaLayout,
    draw: drawLlamaWeights,
    Model: Llama,
  });
}

/** The model families by their `model_type`. */
const PLANS = new Map<string, Plan>([
  ['gpt2', gpt2],
  ...FAMILIES.map((family) => [family.modelType, planLlama(family)] as const),
]);

/**
 * Plans the model of the family that a config.json names; old ones name none, and mean GPT-2.
 * @throws FileError listing every fault
 */
export function planModel(config: ConfigFile, generation: GenerationConfig | null): ModelPlan {
  const { model_type: type = 'gpt2' } = config.json;
  const plan = typeof type === 'string' ? PLANS.get(type) : undefined;
  if (plan) return plan(config, generation);
  const known = [...PLANS.keys()].join(', ');
  const fault = `model_type must be one of ${known}, got ${quote(type)}.`;
  throw new FileError(config.caller, config.file, [fault]);
}
