import { countParameters, type Linear, LinearLayer, type Module, modulesOf } from '../tensor/nn';
import { freezeBaseModel } from './freeze';
import {
  applyLoraToLinear,
  LoRALinear,
  type LoRALinearOptions,
  removeLoraFromLinear,
} from './lora-linear';
import { mergeLoraWeights } from './merge';
import { matchTargets, type TargetModules } from './target-modules';

/** One number for all layers, or each one's by its name. */
export type ByName = number | ((name: string) => number);

/** What `injectLora` puts beside which layers. */
export interface InjectOptions extends Omit<LoRALinearOptions, 'r' | 'alpha'> {
  targetModules: TargetModules;
  r: ByName;
  alpha: ByName;
}

/**
 * Freezes a model and puts a fresh update beside each target layer. The layers are replaced by
 * name, so the model needs to know nothing of it. Each update starts from a seed of its own:
 * seed, seed + 1, ... in the order of the names.
 * @returns the names of the layers
 * @throws ArgumentError if a target matches nothing or an option does not fit a layer; the model
 *   is then as it was
 */
export function injectLora(
  model: Module,
  { targetModules, r, alpha, seed = 0, ...options }: InjectOptions,
): string[] {
  model.assertAlive('injectLora');
  const linears = linearLayers(model);
  const names = matchTargets([...linears.keys()], targetModules);
  const updates = new Map<string, LoRALinear>();
  try {
    for (const [i, name] of names.entries()) {
      const linear = linears.get(name) as LinearLayer;
      const size = { r: valueFor(name, r), alpha: valueFor(name, alpha) };
      updates.set(name, applyLoraToLinear(linear, { ...options, ...size, seed: seed + i }));
    }
  } catch (error) {
    for (const update of updates.values()) update.dispose();
    throw error;
  }
  freezeBaseModel(model);
  for (const [name, update] of updates) model.replaceModule(name, update);
  return names;
}

/** What a layer of this name gets. */
export function valueFor(name: string, value: ByName): number {
  return typeof value === 'function' ? value(name) : value;
}

/** The layers of a model that have an update, by name. */
export function loraLayersOf(model: Module): Map<string, LoRALinear> {
  return modulesOf(model, LoRALinear);
}

/** The inverse of `injectLora`: frees every update, puts the layers back, and leaves them frozen. */
export function removeLora(model: Module): void {
  for (const [name, layer] of loraLayersOf(model)) {
    model.replaceModule(name, removeLoraFromLinear(layer));
  }
}

/**
 * Puts W0 + s B A in the place of every adapted layer, frozen, and frees the updates: the model
 * computes what it did before, and is a plain one again. PEFT's `merge_and_unload`.
 * @returns the names of the layers
 * @throws NonFiniteError if a merged weight is not finite; the model is then as it was
 */
export async function mergeLora(model: Module): Promise<string[]> {
  model.assertAlive('mergeLora');
  const updates = loraLayersOf(model);
  const merged = new Map<string, Linear>();
  try {
    for (const [name, layer] of updates) merged.set(name, await mergeLoraWeights(layer));
  } catch (error) {
    for (const linear of merged.values()) linear.dispose();
    throw error;
  }
  for (const [name, linear] of merged) {
    freezeBaseModel(linear);
    model.replaceModule(name, linear);
    updates.get(name)?.dispose();
  }
  return [...merged.keys()];
}

/** The line of PEFT's `print_trainable_parameters()`. */
export function formatTrainableParameters(module: Module): string {
  const { trainable, total } = countParameters(module);
  const [n, m] = [trainable, total].map((count) => count.toLocaleString('en-US'));
  return `trainable params: ${n} || all params: ${m} || trainable%: ${((100 * trainable) / total).toFixed(4)}`;
}

/** The layers that can take an update; one that has an update already is none of them. */
function linearLayers(model: Module): Map<string, LinearLayer> {
  const linears = modulesOf(model, LinearLayer);
  for (const name of loraLayersOf(model).keys()) linears.delete(`${name}.base`);
  return linears;
}
