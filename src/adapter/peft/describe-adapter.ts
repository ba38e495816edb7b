import { Dora, rsLora } from '../../lora';
import { ArgumentError } from '../../tensor/errors';
import { matchesEntry } from '../../tensor/nn';
import type { AdapterConfig } from './config';
import type { AdaptedLayer } from './model-layers';

/**
 * The keys of adapter_config.json that describe the adapter of a model.
 * @param adapted the adapted layers, by name
 * @param layers the names of all layers that can have an adapter
 * @throws ArgumentError if the scales are neither all alpha / r nor all alpha / √r, or if layers
 *   differ in dropout or variant, or have a variant that the format does not know
 */
export function describeAdapter(
  caller: string,
  adapted: ReadonlyMap<string, AdaptedLayer>,
  layers: readonly string[],
): Pick<
  AdapterConfig,
  | 'r'
  | 'lora_alpha'
  | 'lora_dropout'
  | 'use_rslora'
  | 'use_dora'
  | 'target_modules'
  | 'rank_pattern'
  | 'alpha_pattern'
> & { peft_type: 'LORA' } {
  const names = [...adapted.keys()];
  const ranks = new Map([...adapted].map(([name, { lora }]) => [name, lora.r]));
  const alphas = new Map([...adapted].map(([name, { lora }]) => [name, lora.alpha]));
  const r = mostFrequent([...ranks.values()]);
  const lora_alpha = mostFrequent([...alphas.values()]);
  return {
    peft_type: 'LORA',
    r,
    lora_alpha,
    lora_dropout: commonDropout(caller, adapted),
    use_rslora: usesRsLora(caller, adapted),
    use_dora: usesDora(caller, adapted),
    target_modules: shortestTargets(names, layers),
    rank_pattern: patternsOf(ranks, r),
    alpha_pattern: patternsOf(alphas, lora_alpha),
  };
}

function commonDropout(caller: string, adapted: ReadonlyMap<string, AdaptedLayer>): number {
  const all = new Set([...adapted.values()].map(({ lora }) => lora.dropout.p));
  const [p = 0] = all;
  if (all.size <= 1) return p;
  throw new ArgumentError(
    `${caller}: all layers must have one dropout, got ${[...all].join(' and ')}: the format has one.`,
  );
}

function usesDora(caller: string, adapted: ReadonlyMap<string, AdaptedLayer>): boolean {
  const all = [...adapted.values()].map(({ variant }) => variant);
  if (all.every((variant) => variant === null)) return false;
  if (all.every((variant) => variant instanceof Dora)) return true;
  throw new ArgumentError(
    `${caller}: all layers must be LoRA or all DoRA: the format has no other variant.`,
  );
}

function usesRsLora(caller: string, adapted: ReadonlyMap<string, AdaptedLayer>): boolean {
  const all = [...adapted.values()].map(({ lora }) => lora);
  if (all.every(({ scaling, alpha, r }) => scaling === alpha / r)) return false;
  if (all.every(({ scaling, alpha, r }) => scaling === rsLora(alpha, r))) return true;
  throw new ArgumentError(
    `${caller}: the scales must all be alpha / r or all alpha / √r: the format has no other. Give another scale as alpha.`,
  );
}

/** The last parts of the names if they match no other layer (`c_attn`), else the names. */
function shortestTargets(names: readonly string[], layers: readonly string[]): string[] | string {
  const endings = [...new Set(names.map((name) => name.split('.').at(-1) as string))].sort();
  const isEnough = (targets: readonly string[]) =>
    layers.filter((layer) => targets.some((one) => matchesEntry(layer, one))).length ===
    names.length;
  if (isEnough(endings)) return endings;
  if (isEnough(names)) return [...names].sort();
  return names.map(escape).join('|'); // a name is the end of another
}

/** The values that differ from the common one, each with a pattern that only its name matches. */
function patternsOf(values: ReadonlyMap<string, number>, common: number): Record<string, number> {
  const others = [...values].filter(([, value]) => value !== common);
  return Object.fromEntries(others.map(([name, value]) => [`^${escape(name)}`, value]));
}

function escape(name: string): string {
  return name.replace(/[^\w]/g, '\\$&');
}

function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}
