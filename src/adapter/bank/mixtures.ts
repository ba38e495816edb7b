import type { LoRALayer, LoRALinear } from '../../lora';
import { ArgumentError } from '../../tensor/errors';
import { MixedLinear } from './mixed-linear';
import { RowScales } from './row-scales';

/** The name of no adapter: a row that uses the base alone. As in PEFT. */
export const BASE_ALONE = '__base__';

/** The layers that put several adapters beside a model's own, and the scales that they share. */
export interface Mixtures {
  layers: Map<string, MixedLinear>;
  scales: RowScales[];
}

/**
 * One layer for each that an adapter is beside. Layers whose adapters have the same ranks and
 * alphas share their scales.
 * @param adapters by name, each a map of its layers by name
 * @param rows the adapter of each row of a batch; null where every row uses all of them
 * @throws ArgumentError if an adapter has a variant, such as DoRA, which rescales what the others
 *   add too
 */
export function makeMixtures(
  adapters: ReadonlyMap<string, ReadonlyMap<string, LoRALinear>>,
  rows: readonly string[] | null,
): Mixtures {
  assertNoVariants(adapters);
  const shared = new Map<string, RowScales>();
  const layers = new Map<string, MixedLinear>();
  for (const name of new Set([...adapters.values()].flatMap((each) => [...each.keys()]))) {
    const beside = [...adapters].flatMap(([adapter, each]) => {
      const layer = each.get(name);
      return layer ? [{ adapter, layer }] : [];
    });
    const updates = new Map(beside.map(({ adapter, layer }) => [adapter, layer.lora]));
    const values = scalesOf(updates, rows);
    const key = JSON.stringify(values);
    const scales = shared.get(key) ?? new RowScales(values, rows !== null);
    shared.set(key, scales);
    const { base } = beside[0]?.layer as LoRALinear;
    layers.set(name, new MixedLinear(base, { updates, scales }));
  }
  return { layers, scales: [...shared.values()] };
}

/** [batch, Σr]: s at the ranks of the updates that a row uses, 0 at the others. */
function scalesOf(
  updates: ReadonlyMap<string, LoRALayer>,
  rows: readonly string[] | null,
): number[][] {
  const row = (uses: (adapter: string) => boolean) =>
    [...updates].flatMap(([adapter, { scaling, r, isBaseInitialized }]) =>
      new Array<number>(isBaseInitialized ? 2 * r : r).fill(uses(adapter) ? scaling : 0),
    );
  return rows ? rows.map((name) => row((adapter) => adapter === name)) : [row(() => true)];
}

function assertNoVariants(adapters: ReadonlyMap<string, ReadonlyMap<string, LoRALinear>>): void {
  for (const [adapter, layers] of adapters) {
    if ([...layers.values()].every(({ rescale }) => rescale === null)) continue;
    throw new ArgumentError(
      `AdapterBank: adapters used together must be plain updates, but ${adapter} has a variant (DoRA). Activate it alone, or merge it (mergeLora).`,
    );
  }
}
