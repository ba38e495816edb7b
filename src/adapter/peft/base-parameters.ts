import type * as tf from '@tensorflow/tfjs';
import { ArgumentError, quote } from '../../tensor/errors';
import type { Module } from '../../tensor/nn';
import type { Fail } from './adapter-files';
import type { AdapterConfig } from './config';
import { adaptedLayers, linearLayers } from './model-layers';

/** The keys of adapter_config.json for parameters of the base that are trained too. */
export type BaseTrainingConfig = Pick<AdapterConfig, 'bias' | 'modules_to_save'>;

/** A parameter of the base that an adapter trains and saves. */
export interface BaseParameter {
  /** its name in the base */
  name: string;
  parameter: tf.Variable;
  /** its shape in the file */
  shape: number[];
  /** whether the file has the transpose (in, out), as GPT-2's Conv1D does */
  isTransposed: boolean;
}

/** The base's parameters, by the names they have without adapters. */
export function baseParameters(model: Module): Map<string, tf.Variable> {
  const layers = [...adaptedLayers(model)];
  const added = new Set(
    layers.flatMap(([, layer]) => [...layer.namedParameters({ borrowed: false }).values()]),
  );
  const places = new Map(
    layers.flatMap(([layer, { base }]) =>
      [...base.namedParameters()].map(([name, parameter]) => [parameter, `${layer}.${name}`]),
    ),
  );
  return new Map(
    [...model.namedParameters()]
      .filter(([, parameter]) => !added.has(parameter))
      .map(([name, parameter]) => [places.get(parameter) ?? name, parameter]),
  );
}

/**
 * The parameters of the base that a config trains, by PEFT's names for the tensors: biases, of all
 * layers or the adapted ones, and modules by the ends of their names.
 * @param adapted the names of the layers that have an adapter or get one
 * @throws what `fail` throws, if a module is missing, has an adapter, or is used twice
 */
export function trainedBaseParameters(
  model: Module,
  config: BaseTrainingConfig & { fan_in_fan_out: boolean },
  adapted: ReadonlySet<string>,
  fail: Fail,
): Map<string, BaseParameter> {
  const layers = linearLayers(model);
  const all = new Map<string, BaseParameter>();
  const base = baseParameters(model);
  for (const [name, parameter] of base) {
    const layer = moduleOf(name);
    if (!name.endsWith('.bias') || config.bias === 'none') continue;
    if (config.bias === 'lora_only' && !adapted.has(layer)) continue;
    const tensor = adapted.has(layer) ? `${layer}.base_layer.bias` : name;
    all.set(fullName(tensor), { name, parameter, shape: parameter.shape, isTransposed: false });
  }
  for (const module of modulesToSave(model, config.modules_to_save ?? [], adapted, fail)) {
    for (const [name, parameter] of base) {
      if (!name.startsWith(`${module}.`)) continue;
      const isTransposed =
        config.fan_in_fan_out && layers.has(moduleOf(name)) && parameter.shape.length === 2;
      const shape = isTransposed ? [...parameter.shape].reverse() : parameter.shape;
      all.set(fullName(name), { name, parameter, shape, isTransposed });
    }
  }
  return all;
}

/** PEFT's name for a tensor of the base. */
export const fullName = (name: string): string => `base_model.model.${name}`;
const moduleOf = (parameter: string) => parameter.slice(0, parameter.lastIndexOf('.'));

function modulesToSave(
  model: Module,
  entries: readonly string[],
  adapted: ReadonlySet<string>,
  fail: Fail,
): string[] {
  const names = [...model.namedModules().keys()];
  const isPart = (name: string, module: string) => name === module || name.startsWith(`${module}.`);
  return entries.flatMap((entry) => {
    const found = names.filter((name) => name.endsWith(entry));
    if (found.length === 0)
      fail(`modules_to_save must name modules of the model, got ${quote(entry)}.`);
    for (const name of found) {
      if ([...adapted].some((layer) => isPart(layer, name) || isPart(name, layer))) {
        fail(`modules_to_save must name modules without adapters, got ${name}.`);
      }
      if (model.tiedModules.some((tied) => isPart(tied, name))) {
        fail(`modules_to_save = ${name} is unsupported: the model uses it in a second place too.`);
      }
    }
    return found;
  });
}

/**
 * The config of a model's trainable base parameters.
 * @throws ArgumentError if the format can't express them
 */
export function describeBaseTraining(caller: string, model: Module): BaseTrainingConfig {
  const base = baseParameters(model);
  const adapted = new Set(adaptedLayers(model).keys());
  const trained = [...base].filter(([, { trainable }]) => trainable).map(([name]) => name);
  const modules = [
    ...new Set(trained.filter((name) => !name.endsWith('.bias')).map(moduleOf)),
  ].sort();
  const isInModule = (name: string) => modules.includes(moduleOf(name));
  const biases = trained.filter((name) => !isInModule(name));
  const every = [...base.keys()].filter((name) => name.endsWith('.bias'));
  const ofAdapted = every.filter((name) => adapted.has(moduleOf(name)));
  const isSame = (names: string[]) =>
    names.length === biases.length && names.every((name) => biases.includes(name));
  const bias =
    biases.length === 0 ? 'none' : isSame(ofAdapted) ? 'lora_only' : isSame(every) ? 'all' : null;
  const isComplete = [...base.keys()].every((name) => !isInModule(name) || trained.includes(name));
  if (bias === null || !isComplete || modules.some((name) => adapted.has(name))) {
    throw new ArgumentError(
      `${caller}: what is trained of the base must be biases, all of them or those of the adapted layers, or whole modules without adapters, got ${trained.slice(0, 20).join(', ')}. Use trainBaseParameters, or freeze the base.`,
    );
  }
  return { bias, modules_to_save: modules.length > 0 ? modules : null };
}
