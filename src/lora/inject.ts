import { assertOptions, type NoOptions } from '../tensor/errors';
import {
  assertModule,
  type ByName,
  countParameters,
  LinearLayer,
  makeLayers,
  mergeLayers,
  type Module,
  modulesOf,
  putLayers,
  restoreBases,
  valueFor,
} from '../tensor/nn';
import { freezeBaseModel } from './freeze';
import { LoRALayer } from './lora-layer';
import {
  applyLoraToLinear,
  LORA_LINEAR_OPTIONS,
  LoRALinear,
  type LoRALinearOptions,
} from './lora-linear';
import { mergeLoraWeights } from './merge';
import { assertOneAdapter } from './one-adapter';
import { matchTargets, type TargetModules } from './target-modules';

/** Options of `injectLora`. */
export interface InjectOptions extends Omit<LoRALinearOptions, 'r' | 'alpha'> {
  /** unless given, the model's own choice, which is PEFT's (`defaultTargets`) */
  targetModules?: TargetModules;
  r: ByName;
  alpha: ByName;
}

/**
 * Freezes a model and puts a fresh adapter on each target layer. Layers are replaced by name, so
 * the model needs no code for LoRA. Each adapter starts from its own seed: seed, seed + 1, ... in
 * the order of the names. Adapters that other layers have already stay trainable, as in PEFT: all
 * train together.
 * @returns the names of the layers
 * @throws ArgumentError if a target matches nothing, none is given and the model names none, an option
 *   is unknown or fits no layer, or an `AdapterBank` uses several; the model is then as it was
 */
export function injectLora(model: Module, options: InjectOptions): string[] {
  assertModule('injectLora', model);
  assertOptions('injectLora', options, { targetModules: 'optional', ...LORA_LINEAR_OPTIONS });
  assertOneAdapter('injectLora', model, 'injectLora(model, { ... })');
  const { targetModules = model.defaultTargets, r, alpha, seed = 0, ...others } = options;
  const linears = modulesOf(model, LinearLayer, { borrowed: false });
  const taken = [...loraLayersOf(model).keys()];
  const names = matchTargets([...linears.keys()], targetModules, taken, model.headModules);
  const adapted = makeLayers(names, (name, i) => {
    const size = { r: valueFor(name, r), alpha: valueFor(name, alpha) };
    const linear = linears.get(name) as LinearLayer;
    return applyLoraToLinear(linear, { ...others, ...size, seed: seed + i });
  });
  freezeAllButAdapters(model);
  putLayers(model, adapted);
  return names;
}

function freezeAllButAdapters(model: Module): void {
  const adapters = [...modulesOf(model, LoRALayer).values(), ...loraLayersOf(model).values()];
  const added = adapters.flatMap((one) => [...one.namedParameters({ borrowed: false }).values()]);
  const isAdapter = new Set(added);
  for (const parameter of model.namedParameters().values()) {
    if (!isAdapter.has(parameter)) parameter.trainable = false;
  }
}

/** The adapted layers of a model, by name. */
export function loraLayersOf(model: Module): Map<string, LoRALinear> {
  return modulesOf(model, LoRALinear);
}

/** The inverse of `injectLora`: frees every adapter and puts the layers back, still frozen. */
export function removeLora(model: Module): void {
  restoreBases(model, loraLayersOf(model));
}

/**
 * Replaces every adapted layer by one layer with the weight W0 + s B A, frozen: the model computes
 * what it did before, without adapters. PEFT's `merge_and_unload`.
 *
 * Frees the adapters and the old base weights; a base layer that another module borrows, such as
 * an adapter of an `AdapterBank`, stays alive.
 * @returns the names of the layers
 * @throws NonFiniteError if a merged weight is not finite, ArgumentError if a layer is replaced
 *   before all are merged, or an `AdapterBank` uses several; the model is then as it was
 */
export async function mergeLora(model: Module, options: NoOptions = {}): Promise<string[]> {
  assertModule('mergeLora', model);
  assertOptions('mergeLora', options, {});
  assertOneAdapter('mergeLora', model);
  return mergeLayers('mergeLora', model, loraLayersOf(model), async (layer) => {
    const linear = await mergeLoraWeights(layer);
    freezeBaseModel(linear);
    return linear;
  });
}

/** The line of PEFT's `print_trainable_parameters()`. */
export function formatTrainableParameters(module: Module): string {
  const { trainable, total } = countParameters(module);
  const [n, m] = [trainable, total].map((count) => count.toLocaleString('en-US'));
  return `trainable params: ${n} || all params: ${m} || trainable%: ${((100 * trainable) / total).toFixed(4)}`;
}
