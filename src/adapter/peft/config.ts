import { FileError } from '../../files/local';
import { ArgumentError, plainName, quote } from '../../tensor/errors';

/** The content of adapter_config.json, with PEFT's keys; unknown keys are kept. */
export interface AdapterConfig {
  r: number;
  lora_alpha: number;
  lora_dropout: number;
  use_rslora: boolean;
  use_dora: boolean;
  fan_in_fan_out: boolean;
  bias: 'none' | 'all' | 'lora_only';
  modules_to_save: string[] | null;
  target_modules: string | string[];
  exclude_modules: string | string[] | null;
  layers_to_transform: number | number[] | null;
  layers_pattern: string | string[] | null;
  rank_pattern: Record<string, number>;
  alpha_pattern: Record<string, number>;
  base_model_name_or_path: string | null;
  [key: string]: unknown;
}

/** Every key of PEFT 0.21's LoRA, with the default for files without it. */
const DEFAULTS: Record<string, unknown> = {
  alora_invocation_tokens: null,
  alpha_pattern: {},
  arrow_config: null,
  auto_mapping: null,
  base_model_name_or_path: null,
  bias: 'none',
  corda_config: null,
  ensure_weight_tying: false,
  eva_config: null,
  exclude_modules: null,
  fan_in_fan_out: false,
  inference_mode: true,
  init_lora_weights: true,
  kasa_config: null,
  layer_replication: null,
  layers_pattern: null,
  layers_to_transform: null,
  loftq_config: {},
  lora_alpha: 8,
  lora_bias: false,
  lora_dropout: 0,
  lora_ga_config: null,
  megatron_config: null,
  megatron_core: 'megatron.core',
  modules_to_save: null,
  monteclora_config: null,
  peft_type: 'LORA',
  peft_version: null,
  qalora_group_size: 16,
  r: 8,
  rank_pattern: {},
  revision: null,
  target_modules: null,
  target_parameters: null,
  task_type: null,
  trainable_token_indices: null,
  use_bdlora: null,
  use_dora: false,
  use_qalora: false,
  use_rslora: false,
  velora_config: null,
};

/** Keys that need another computation than W0 x + s B A x, or more tensors. */
const UNSUPPORTED = [
  'alora_invocation_tokens',
  'arrow_config',
  'ensure_weight_tying',
  'kasa_config',
  'layer_replication',
  'lora_bias',
  'megatron_config',
  'monteclora_config',
  'target_parameters',
  'trainable_token_indices',
  'use_bdlora',
  'use_qalora',
  'velora_config',
];

/** Inits that change the base's weights too; PEFT repeats that on each load. */
const CHANGES_BASE = /^(pissa|olora|corda|loftq|lora_ga)/i;

type Check = [isGood: (value: unknown) => boolean, expected: string];

const text = (value: unknown) => typeof value === 'string';
const flag = (value: unknown) => typeof value === 'boolean';
const nullOr = (isGood: (value: unknown) => boolean) => (value: unknown) =>
  value === null || isGood(value);
const textOrTexts = (value: unknown) => text(value) || (Array.isArray(value) && value.every(text));
const isIndex = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isRank = (value: unknown) => isIndex(value) && value !== 0;
const isPositive = (value: unknown) => Number.isFinite(value) && (value as number) > 0;
const mapOf = (isGood: (value: unknown) => boolean) => (value: unknown) =>
  isRecord(value) && Object.values(value).every(isGood);

const CHECKS: Record<string, Check> = {
  peft_type: [(value) => value === 'LORA', '"LORA"'],
  r: [isRank, 'a positive integer'],
  lora_alpha: [Number.isFinite, 'a finite number'],
  lora_dropout: [(value) => value === 0 || (isPositive(value) && Number(value) < 1), '0 to 1'],
  use_rslora: [flag, 'true or false'],
  use_dora: [flag, 'true or false'],
  fan_in_fan_out: [flag, 'true or false'],
  bias: [
    (value) => ['none', 'all', 'lora_only'].some((one) => one === value),
    'none, all or lora_only',
  ],
  modules_to_save: [
    nullOr((value) => Array.isArray(value) && value.every((one) => text(one) && one !== '')),
    'names of modules or null',
  ],
  base_model_name_or_path: [nullOr(text), 'text or null'],
  target_modules: [
    (value) => textOrTexts(value) && [value].flat().join('') !== '',
    'names of layers or a regular expression',
  ],
  exclude_modules: [nullOr(textOrTexts), 'names of layers, a regular expression or null'],
  layers_to_transform: [
    nullOr((value) => [value].flat().every(isIndex)),
    'numbers of layers, from 0, or null',
  ],
  layers_pattern: [nullOr(textOrTexts), 'names of lists of layers or null'],
  rank_pattern: [mapOf(isRank), 'positive integers by name'],
  alpha_pattern: [mapOf(Number.isFinite), 'finite numbers by name'],
};

/**
 * Checks the JSON of an adapter_config.json, and fills in the defaults of missing keys.
 * @throws FileError listing every value that is out of range and every feature that is
 *   unsupported
 */
export function checkConfig(caller: string, file: string, json: unknown): AdapterConfig {
  if (!isRecord(json)) {
    throw new FileError(caller, file, [`the file must hold a JSON object, got ${quote(json)}.`]);
  }
  const config = { ...DEFAULTS, ...json };
  const faults = [...badValues(config), ...layerFaults(config), ...unsupported(config)];
  if (!Object.hasOwn(json, 'peft_type')) faults.unshift('peft_type is missing.');
  if (faults.length > 0) throw new FileError(caller, file, faults);
  return config as unknown as AdapterConfig;
}

/** The keys that PEFT 0.21 does not know. */
export function unknownKeys(config: AdapterConfig): string[] {
  return Object.keys(config).filter((key) => !Object.hasOwn(DEFAULTS, key));
}

/**
 * @throws ArgumentError, in the caller's name, if a key is PEFT's but for capitals and underscores:
 *   PEFT would ignore it
 */
export function assertSpelling(caller: string, config: object): void {
  for (const key of Object.keys(config)) {
    const meant = Object.keys(DEFAULTS).find((one) => plainName(one) === plainName(key));
    if (meant === undefined || meant === key) continue;
    throw new ArgumentError(`${caller}: config must have PEFT's keys, got ${key}. Write ${meant}.`);
  }
}

/** The file's text, with sorted keys as in PEFT. */
export function configText(config: AdapterConfig): string {
  const entries = Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(entries), null, 2);
}

function badValues(config: Record<string, unknown>): string[] {
  return Object.entries(CHECKS)
    .filter(([key, [isGood]]) => !isGood(config[key]))
    .map(([key, [, expected]]) => `${key} must be ${expected}, got ${quote(config[key])}.`);
}

/** PEFT's own rules for the choice of layers by number. */
function layerFaults(config: Record<string, unknown>): string[] {
  const { target_modules, layers_to_transform: numbers, layers_pattern: pattern } = config;
  const byNumber = numbers !== null || pattern !== null;
  if (typeof target_modules === 'string' && byNumber) {
    return ['layers_to_transform and layers_pattern must be null if target_modules is text.'];
  }
  if (!isNeutral('layers_pattern', pattern) && numbers === null) {
    return ['layers_to_transform must be given if layers_pattern is.'];
  }
  return [];
}

function unsupported(config: Record<string, unknown>): string[] {
  const faults = UNSUPPORTED.filter((key) => !isNeutral(key, config[key])).map(
    (key) => `${key} = ${quote(config[key])} is unsupported.`,
  );
  const { init_lora_weights: init, bias, modules_to_save: modules } = config;
  if (bias === 'all' && !isNeutral('modules_to_save', modules)) {
    faults.push('bias = "all" is unsupported with modules_to_save: PEFT saves two of each bias.');
  }
  if (typeof init === 'string' && CHANGES_BASE.test(init)) {
    faults.push(
      `init_lora_weights = ${quote(init)} is unsupported: it changes the base's weights. Let PEFT convert the adapter to LoRA (path_initial_model_for_weight_conversion).`,
    );
  }
  return faults;
}

function isNeutral(key: string, value: unknown): boolean {
  if (value === null || value === false || value === DEFAULTS[key]) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
