import type { LoRALayer, LoRALinear } from '../../lora';
import { ArgumentError } from '../../tensor/errors';
import { MixedLinear } from './mixed-linear';
import { RowScales } from './row-scales';

/** PEFT's name for a row that uses the base without an adapter. */
export const BASE_ALONE = '__base__';

/** Layers with several adapters each, and the scales that they share. */
export interface Mixtures {
  layers: Map<string, MixedLinear>;
  scales: RowScales[];
}

/**
 * Makes one layer for each name that has adapters. Layers whose adapters have equal ranks and
 * scales share one `RowScales`.
 * @param adapters by name, each a map of its layers by name
 * @param rows the adapter of each row of a batch; null if every row uses all of them
 * @throws ArgumentError if an adapter has a variant, such as DoRA: it would rescale the output of
 *   the others too
 */
export function makeMixtures(
  adapters: ReadonlyMap<string, ReadonlyMap<string, LoRALinear>>,
  rows: readonly string[] | null,
): Mixtures {
  assertNoVariants(adapters);
  const shared = new Map<string, RowScales>();
  const layers = new Map<string, MixedLinear>();
  for (const name of new Set([...adapters.values()].flatMap((each) => [...each.keys()]))) {
    const adapted = [...adapters].flatMap(([adapter, each]) => {
      const layer = each.get(name);
      return layer ? [{ adapter, layer }] : [];
    });
    const loras = new Map(adapted.map(({ adapter, layer }) => [adapter, layer.lora]));
    const values = scalesOf(loras, rows);
    const key = JSON.stringify(values);
    const scales = shared.get(key) ?? new RowScales(values, rows !== null);
    shared.set(key, scales);
    const { base } = adapted[0]?.layer as LoRALinear;
    layers.set(name, new MixedLinear(base, { adapters: loras, scales }));
  }
  return { layers, scales: [...shared.values()] };
}

/** [batch, Σr]: s at the ranks of a row's adapters, 0 at the others. */
function scalesOf(
  loras: ReadonlyMap<string, LoRALayer>,
  rows: readonly string[] | null,
): number[][] {
  const row = (uses: (adapter: string) => boolean) =>
    [...loras].flatMap(([adapter, { scaling, r, isBaseInitialized }]) =>
      new Array<number>(isBaseInitialized ? 2 * r : r).fill(uses(adapter) ? scaling : 0),
    );
  return rows ? rows.map((name) => row((adapter) => adapter === name)) : [row(() => true)];
}

function assertNoVariants(adapters: ReadonlyMap<string, ReadonlyMap<string, LoRALinear>>): void {
  for (const [adapter, layers] of adapters) {
    if ([...layers.values()].every(({ variant }) => variant === null)) continue;
    throw new ArgumentError(
      `AdapterBank: adapters used together must be LoRA, but ${adapter} has a variant (DoRA). Activate it alone, or merge it (mergeLora).`,
    );
  }
}
