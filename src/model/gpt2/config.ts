import { readJson } from '../../files/local';
import { ConfigReader, type LanguageModelConfig } from '../transformer';

/** The sizes of a GPT-2, from Hugging Face's config.json. */
export interface GPT2Config extends LanguageModelConfig {
  /** the width */
  nEmbd: number;
  nLayer: number;
  nHead: number;
  /** the width inside the MLP */
  nInner: number;
  layerNormEpsilon: number;
}

/** Values that this GPT-2 supports; others would compute something else. A missing key means them. */
const FIXED = {
  model_type: 'gpt2',
  activation_function: 'gelu_new',
  scale_attn_weights: true,
  scale_attn_by_inverse_layer_idx: false,
  add_cross_attention: false,
  tie_word_embeddings: true,
};

/** Reads and checks config.json. @throws FileError listing every fault */
export async function readConfig(file: string): Promise<GPT2Config> {
  return checkConfig('readConfig', file, await readJson('readConfig', file));
}

/** Checks the JSON of a config.json. @throws FileError listing every fault */
export function checkConfig(
  caller: string,
  file: string,
  json: Record<string, unknown>,
): GPT2Config {
  const keys = new ConfigReader(json);
  keys.fixed(FIXED);
  const nEmbd = keys.size('n_embd');
  const config: GPT2Config = {
    vocabSize: keys.size('vocab_size'),
    maxPositions: keys.size('n_positions'),
    nEmbd,
    nLayer: keys.layers('n_layer'),
    nHead: keys.size('n_head'),
    nInner: keys.size('n_inner', 4 * nEmbd),
    layerNormEpsilon: keys.positive('layer_norm_epsilon', 1e-5),
    eosTokenIds: keys.eosTokenIds(),
  };
  keys.expect(nEmbd % config.nHead === 0, 'n_head', `a divisor of n_embd = ${nEmbd}`);
  keys.assertGood(caller, file);
  return config;
}

/**
 * Makes the JSON of config.json, which `readConfig` and transformers read.
 * @param source the config.json that the config was read from: all its keys are kept
 */
export function configJson(
  config: GPT2Config,
  source?: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const [first = null, ...others] = config.eosTokenIds;
  return {
    architectures: ['GPT2LMHeadModel'],
    // GPT-2 has one token for both.
    ...(!source && {
      bos_token_id: first,
      eos_token_id: others.length > 0 ? config.eosTokenIds : first,
    }),
    ...source,
    ...FIXED,
    vocab_size: config.vocabSize,
    n_positions: config.maxPositions,
    n_embd: config.nEmbd,
    n_layer: config.nLayer,
    n_head: config.nHead,
    n_inner: config.nInner,
    layer_norm_epsilon: config.layerNormEpsilon,
  };
}
