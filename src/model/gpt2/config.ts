import { FileError, readJson } from '../../files/local';
import { isTokenId, type LanguageModelConfig } from '../transformer';

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

/** Beyond any GPT-2; a hostile config must not fill the memory with names. */
const MAX = { size: 2 ** 20, layers: 1000 };

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
  const faults: string[] = [];
  const expect = (good: boolean, key: string, expected: string) => {
    if (!good) faults.push(`${key} must be ${expected}, got ${JSON.stringify(json[key])}.`);
  };
  const size = (key: string, max: number, given = json[key]) => {
    const good = Number.isSafeInteger(given) && (given as number) >= 1 && (given as number) <= max;
    expect(good, key, `an integer from 1 to ${max}`);
    return given as number;
  };

  for (const [key, value] of Object.entries(FIXED)) {
    expect((json[key] ?? value) === value, key, JSON.stringify(value));
  }
  const nEmbd = size('n_embd', MAX.size);
  const config: GPT2Config = {
    vocabSize: size('vocab_size', MAX.size),
    maxPositions: size('n_positions', MAX.size),
    nEmbd,
    nLayer: size('n_layer', MAX.layers),
    nHead: size('n_head', MAX.size),
    nInner: size('n_inner', MAX.size, json.n_inner ?? 4 * nEmbd),
    layerNormEpsilon: (json.layer_norm_epsilon ?? 1e-5) as number,
    eosTokenIds: [json.eos_token_id ?? []].flat() as number[],
  };
  expect(nEmbd % config.nHead === 0, 'n_head', `a divisor of n_embd = ${nEmbd}`);
  expect(config.layerNormEpsilon > 0, 'layer_norm_epsilon', 'a positive number');
  expect(config.eosTokenIds.every(isTokenId), 'eos_token_id', 'a token id, a list of them or null');
  if (faults.length > 0) throw new FileError(caller, file, faults);
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
