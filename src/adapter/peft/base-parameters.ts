import type * as tf from '@tensorflow/tfjs';
import { ArgumentError, quote } from '../../tensor/errors';
import type { Module } from '../../tensor/nn';
import type { AdapterConfig } from './config';
import { allUpdates, linearLayers } from './model-layers';

/** PEFT's words for what an adapter trains whole, beside its updates. */
export type WholeConfig = Pick<AdapterConfig, 'bias' | 'modules_to_save'>;

/** One of the base's parameters that belongs to an adapter. */
export interface WholeParameter {
  /** in the base */
  name: string;
  parameter: tf.Variable;
  /** in the file */
  shape: number[];
  /** whether the file has it (in, out), as GPT-2's Conv1D does */
  isTurned: boolean;
}

/** The base's parameters, by the names they have without adapters. */
export function baseParameters(model: Module): Map<string, tf.Variable> {
  const layers = [...allUpdates(model)];
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
 * What a config means to train whole, by PEFT's names for the tensors: biases, of all layers or
 * those with updates, and modules by the ends of their names.
 * @param updated the layers that have an update or get one
 * @throws whatever `fail` does, of a module that is not there, has an update, or is used twice
 */
export function wholeParameters(
  model: Module,
  config: WholeConfig & { fan_in_fan_out: boolean },
  updated: ReadonlySet<string>,
  fail: (fault: string) => never,
): Map<string, WholeParameter> {
  const layers = linearLayers(model);
  const all = new Map<string, WholeParameter>();
  const base = baseParameters(model);
  for (const [name, parameter] of base) {
    const layer = moduleOf(name);
    if (!name.endsWith('.bias') || config.bias === 'none') continue;
    if (config.bias === 'lora_only' && !updated.has(layer)) continue;
    const tensor = updated.has(layer) ? `${layer}.base_layer.bias` : name;
    all.set(fullName(tensor), { name, parameter, shape: parameter.shape, isTurned: false });
  }
  for (const module of modulesToSave(model, config.modules_to_save ?? [], updated, fail)) {
    for (const [name, parameter] of base) {
      if (!name.startsWith(`${module}.`)) continue;
      const isTurned =
        config.fan_in_fan_out && layers.has(moduleOf(name)) && parameter.shape.length === 2;
      const shape = isTurned ? [...parameter.shape].reverse() : parameter.shape;
      all.set(fullName(name), { name, parameter, shape, isTurned });
    }
  }
  return all;
}

const fullName = (name: string) => `base_model.model.${name}`;
const moduleOf = (parameter: string) => parameter.slice(0, parameter.lastIndexOf('.'));

function modulesToSave(
  model: Module,
  entries: readonly string[],
  updated: ReadonlySet<string>,
  fail: (fault: string) => never,
): string[] {
  const names = [...model.namedModules().keys()];
  const isPart = (name: string, whole: string) => name === whole || name.startsWith(`${whole}.`);
  return entries.flatMap((entry) => {
    const found = names.filter((name) => name.endsWith(entry));
    if (found.length === 0)
      fail(`modules_to_save must name modules of the model, got ${quote(entry)}.`);
    for (const name of found) {
      if ([...updated].some((layer) => isPart(layer, name) || isPart(name, layer))) {
        fail(`modules_to_save must name modules without updates, got ${name}.`);
      }
      if (model.tiedModules.some((tied) => isPart(tied, name))) {
        fail(`modules_to_save = ${name} is unsupported: the model uses it in a second place too.`);
      }
    }
    return found;
  });
}

/** What a model trains of its base, in PEFT's words. @throws ArgumentError if there are none */
export function describeWhole(caller: string, model: Module): WholeConfig {
  const base = baseParameters(model);
  const updated = new Set(allUpdates(model).keys());
  const trained = [...base].filter(([, { trainable }]) => trainable).map(([name]) => name);
  const modules = [
    ...new Set(trained.filter((name) => !name.endsWith('.bias')).map(moduleOf)),
  ].sort();
  const isInModule = (name: string) => modules.includes(moduleOf(name));
  const biases = trained.filter((name) => !isInModule(name));
  const every = [...base.keys()].filter((name) => name.endsWith('.bias'));
  const ofUpdates = every.filter((name) => updated.has(moduleOf(name)));
  const isSame = (names: string[]) =>
    names.length === biases.length && names.every((name) => biases.includes(name));
  const bias =
    biases.length === 0 ? 'none' : isSame(ofUpdates) ? 'lora_only' : isSame(every) ? 'all' : null;
  const isWhole = [...base.keys()].every((name) => !isInModule(name) || trained.includes(name));
  if (bias === null || !isWhole || modules.some((name) => updated.has(name))) {
    throw new ArgumentError(
      `${caller}: what is trained of the base must be biases, all of them or those of the updated layers, or whole modules without updates, got ${trained.slice(0, 20).join(', ')}. Use trainBaseParameters, or freeze the base.`,
    );
  }
  return { bias, modules_to_save: modules.length > 0 ? modules : null };
}
