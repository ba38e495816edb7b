import { ArgumentError } from '../errors';
import type { Module } from './module';

/** A layer that borrows the layer in whose place it is. */
type OnBase = Module & { readonly base: Module };

/**
 * Makes a layer for each name. If one cannot be made, the others are freed, so nothing is changed
 * before `putLayers`.
 * @throws what `make` throws
 */
export function makeLayers<M extends Module>(
  names: Iterable<string>,
  make: (name: string, index: number) => M,
): Map<string, M> {
  const made = new Map<string, M>();
  try {
    for (const name of names) made.set(name, make(name, made.size));
    return made;
  } catch (error) {
    disposeAll(made);
    throw error;
  }
}

/** Replaces modules by name; the old ones stay alive (`Module.replaceModule`). */
export function putLayers(model: Module, layers: ReadonlyMap<string, Module>): void {
  for (const [name, layer] of layers) model.replaceModule(name, layer);
}

/** Puts the base of each layer back, and frees the layers. */
export function restoreBases(model: Module, layers: ReadonlyMap<string, OnBase>): void {
  for (const [name, { base }] of layers) model.replaceModule(name, base);
  disposeAll(layers);
}

/**
 * Replaces each layer by the merged one that `merge` makes, and frees the layer and its base; a
 * base that another module borrows stays alive.
 * @returns the names of the layers
 * @throws ArgumentError if a layer is not in the model any more once all are merged, and what
 *   `merge` throws; the model is then as it was
 */
export async function mergeLayers<L extends OnBase>(
  caller: string,
  model: Module,
  layers: ReadonlyMap<string, L>,
  merge: (layer: L, name: string) => Promise<Module>,
): Promise<string[]> {
  const merged = new Map<string, Module>();
  try {
    for (const [name, layer] of layers) merged.set(name, await merge(layer, name));
    assertInPlace(caller, model, layers);
  } catch (error) {
    disposeAll(merged);
    throw error;
  }
  putLayers(model, merged);
  disposeAll(layers);
  for (const { base } of layers.values()) model.freeReplaced(base);
  return [...merged.keys()];
}

/** Another merge, a removal or another adapter may have come between: it goes first. */
function assertInPlace(caller: string, model: Module, layers: ReadonlyMap<string, Module>): void {
  const modules = model.namedModules();
  const gone = [...layers].find(([name, layer]) => modules.get(name) !== layer);
  if (!gone) return;
  throw new ArgumentError(
    `${caller}: ${gone[0]} must keep its adapter until all layers are merged, but it was replaced. Await one change of the adapters before the next.`,
  );
}

/** Frees layers, by name. */
export function disposeAll(layers: ReadonlyMap<string, Module>): void {
  for (const layer of layers.values()) layer.dispose();
}
