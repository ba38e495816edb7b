import { Dora, rsLora } from '../../lora';
import { ArgumentError } from '../../tensor/errors';
import { matchesEntry } from '../../tensor/nn';
import type { AdapterConfig } from './config';
import type { Update } from './model-layers';

/**
 * What adapter_config.json has to say about the updates of a model.
 * @param layers the names of all layers that can have one
 * @throws ArgumentError if their scales are neither all alpha / r nor all alpha / √r, or if some
 *   have another dropout or are of another variant than others, or of one that the format does not know
 */
export function describeAdapter(
  caller: string,
  updates: ReadonlyMap<string, Update>,
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
  const names = [...updates.keys()];
  const ranks = new Map([...updates].map(([name, { lora }]) => [name, lora.r]));
  const alphas = new Map([...updates].map(([name, { lora }]) => [name, lora.alpha]));
  const r = mostFrequent([...ranks.values()]);
  const lora_alpha = mostFrequent([...alphas.values()]);
  return {
    peft_type: 'LORA',
    r,
    lora_alpha,
    lora_dropout: commonDropout(caller, updates),
    use_rslora: usesRsLora(caller, updates),
    use_dora: usesDora(caller, updates),
    target_modules: shortestTargets(names, layers),
    rank_pattern: patternsOf(ranks, r),
    alpha_pattern: patternsOf(alphas, lora_alpha),
  };
}

function commonDropout(caller: string, updates: ReadonlyMap<string, Update>): number {
  const all = new Set([...updates.values()].map(({ lora }) => lora.dropout.p));
  const [p = 0] = all;
  if (all.size <= 1) return p;
  throw new ArgumentError(
    `${caller}: the updates must have one dropout, got ${[...all].join(' and ')}: the format knows one.`,
  );
}

function usesDora(caller: string, updates: ReadonlyMap<string, Update>): boolean {
  const all = [...updates.values()].map(({ rescale }) => rescale);
  if (all.every((rescale) => rescale === null)) return false;
  if (all.every((rescale) => rescale instanceof Dora)) return true;
  throw new ArgumentError(
    `${caller}: the updates must be all LoRA or all DoRA: the format knows no other.`,
  );
}

function usesRsLora(caller: string, updates: ReadonlyMap<string, Update>): boolean {
  const all = [...updates.values()].map(({ lora }) => lora);
  if (all.every(({ scaling, alpha, r }) => scaling === alpha / r)) return false;
  if (all.every(({ scaling, alpha, r }) => scaling === rsLora(alpha, r))) return true;
  throw new ArgumentError(
    `${caller}: the scales must all be alpha / r or all alpha / √r: the format knows no other. Give a rule of your own as alpha.`,
  );
}

/** The last parts of the names where they say enough (`c_attn`), else the names themselves. */
function shortestTargets(names: readonly string[], layers: readonly string[]): string[] | string {
  const endings = [...new Set(names.map((name) => name.split('.').at(-1) as string))].sort();
  const isMeant = (targets: readonly string[]) =>
    layers.filter((layer) => targets.some((one) => matchesEntry(layer, one))).length ===
    names.length;
  if (isMeant(endings)) return endings;
  if (isMeant(names)) return [...names].sort();
  return names.map(escape).join('|'); // a name is the end of another
}

/** Those that differ from the common value, each by a pattern that only its name matches. */
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
