import { matchesEntry } from '../../tensor/nn';
import type { Fail } from './adapter-files';
import type { AdapterConfig } from './config';
import type { LayerSize } from './model-layers';
import { matchPatterns, fullMatch } from './python-regex';

/** The size of the adapter on one layer. */
interface AdapterSize {
  r: number;
  alpha: number;
}

/** A layer that gets an adapter, and the adapter's size. */
export interface PlannedLayer extends LayerSize, AdapterSize {}

/**
 * The layers that a config names, by PEFT's rules, with the size of each one's adapter.
 * @param layers all layers that can have an adapter, by name
 * @param fail is called if a pattern can't be used
 */
export function planLayers(
  config: AdapterConfig,
  layers: ReadonlyMap<string, LayerSize>,
  fail: Fail,
): Map<string, PlannedLayer> {
  const sizes = planAdapter(config, [...layers.keys()], fail);
  return new Map(
    [...sizes].map(([name, size]) => [name, { ...(layers.get(name) as LayerSize), ...size }]),
  );
}

/**
 * The names of the layers that a config names, by PEFT's rules, with the size of each one's adapter.
 * @param names of all layers that can have an adapter
 * @param fail is called if a pattern can't be used
 */
export function planAdapter(
  config: AdapterConfig,
  names: readonly string[],
  fail: Fail,
): Map<string, AdapterSize> {
  const excluded = new Set(matchNames(config.exclude_modules ?? [], names, fail));
  const targets = targetNames(config, names, fail).filter((name) => !excluded.has(name));
  const ranks = valuesByPattern('rank_pattern', config, targets, fail);
  const alphas = valuesByPattern('alpha_pattern', config, targets, fail);
  const { r, lora_alpha: alpha } = config;
  return new Map(
    targets.map((name) => [name, { r: ranks.get(name) ?? r, alpha: alphas.get(name) ?? alpha }]),
  );
}

function targetNames(config: AdapterConfig, names: readonly string[], fail: Fail): string[] {
  const { target_modules: targets } = config;
  if (typeof targets === 'string' && targets.toLowerCase() === 'all-linear') return [...names];
  const matched = matchNames(targets, names, fail);
  const layers = [config.layers_to_transform ?? []].flat();
  if (layers.length === 0) return matched;
  const indices = layerIndices(config, names, fail);
  // A name given in full matches, whatever its layer's number.
  return matched.filter(
    (name) => targets.includes(name) || layers.includes(indices.get(name) ?? NaN),
  );
}

/** A list matches a name or the end of one after a dot; text is a pattern for the whole name. */
function matchNames(targets: string | string[], names: readonly string[], fail: Fail): string[] {
  if (Array.isArray(targets)) {
    return names.filter((name) => targets.some((one) => matchesEntry(name, one)));
  }
  if (targets === '') return [];
  const [matches = []] = matchPatterns([fullMatch(targets)], names, fail);
  return names.filter((_, i) => matches[i] !== null);
}

/** The number of each name's layer: 3 for `h.3.attn`. */
function layerIndices(
  { layers_pattern: given }: AdapterConfig,
  names: readonly string[],
  fail: Fail,
): Map<string, number> {
  const patterns =
    given === null || given.length === 0
      ? [{ before: '.*?\\.[^.]*', pattern: '', after: INDEX }]
      : [given].flat().map((pattern) => ({ before: '(?:^|.*?\\.)', pattern, after: INDEX }));
  const matches = matchPatterns(patterns, names, fail);
  const first = (i: number) => matches.find((match) => match[i] !== null)?.[i];
  return new Map(names.map((name, i) => [name, parseInt(first(i) ?? '', 10)]));
}

const INDEX = '\\.(?<idx>\\d+)\\.';

/** `^(.*\.)?(key)$` on the name; the first key that matches counts. */
function valuesByPattern(
  key: 'rank_pattern' | 'alpha_pattern',
  config: AdapterConfig,
  names: readonly string[],
  fail: Fail,
): Map<string, number> {
  const entries = Object.entries(config[key]);
  const patterns = entries.map(([pattern]) => ({ before: '(.*\\.)?(', pattern, after: ')$' }));
  const matches = matchPatterns(patterns, names, fail);
  const values = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const matching = entries.filter((_, p) => matches[p]?.[i] !== null);
    const [first] = matching;
    if (!first) continue;
    const numbered = matching.some(([pattern]) => isListIndex(pattern));
    if (numbered && matching.some(([, value]) => value !== first[1])) {
      fail(`${key} must match each layer once where a key is a number, got two for ${name}.`);
    }
    values.set(name, first[1]);
  }
  return values;
}

/** Whether JavaScript puts a key before all others, so that its place in the file is lost. */
function isListIndex(key: string): boolean {
  return /^(0|[1-9]\d*)$/.test(key);
}
