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
 * @throws what `merge` throws; the model is then as it was
 */
export async function mergeLayers<L extends OnBase>(
  model: Module,
  layers: ReadonlyMap<string, L>,
  merge: (layer: L, name: string) => Promise<Module>,
): Promise<string[]> {
  const merged = new Map<string, Module>();
  try {
    for (const [name, layer] of layers) merged.set(name, await merge(layer, name));
  } catch (error) {
    disposeAll(merged);
    throw error;
  }
  putLayers(model, merged);
  disposeAll(layers);
  for (const { base } of layers.values()) model.freeReplaced(base);
  return [...merged.keys()];
}

/** Frees layers, by name. */
export function disposeAll(layers: ReadonlyMap<string, Module>): void {
  for (const layer of layers.values()) layer.dispose();
}
