import { LoRALinear } from '../../lora';
import { Embedding, Linear, type Module } from '../../tensor/nn';
import { read } from '../../tensor/runtime';
import { LoRAEmbedding } from '../embedding';
import type { Fail } from './adapter-files';
import { type BaseParameter, fullName } from './base-parameters';
import { assign } from './train-base-parameters';

/** The tables that an adapter brought for a model: PEFT's names for the tensors. */
const replaced = new WeakMap<Module, ReadonlySet<string>>();

/**
 * The embedding tables of a model, and the weight of a head of its own, by the names that PEFT's
 * `save_embedding_layers` gives them in an adapter's file; a head that is a table too has a name
 * of its own.
 */
export function embeddingTables(model: Module): Map<string, BaseParameter> {
  const tables = new Map<string, BaseParameter>();
  for (const [module, layer] of model.namedModules({ borrowed: false })) {
    const isAdapted = layer instanceof LoRAEmbedding || layer instanceof LoRALinear;
    const table = isAdapted ? layer.base : layer;
    const isHead = table instanceof Linear && model.headModules.includes(module);
    if (!isHead && !(table instanceof Embedding)) continue;
    const { weight: parameter } = table;
    const name = `${module}.weight`;
    const tensors = [name, `${module}.base_layer.weight`];
    if (model.tiedModules.includes(module)) tensors.push('lm_head.weight');
    for (const tensor of tensors) {
      const shape: number[] = parameter.shape;
      tables.set(fullName(tensor), { name, parameter, shape, isTransposed: false });
    }
  }
  return tables;
}

/** The tables that an adapter brought for a model, to be saved with it. */
export function replacedTables(model: Module): Map<string, BaseParameter> {
  const names = replaced.get(model);
  return new Map([...embeddingTables(model)].filter(([name]) => names?.has(name)));
}

/** Fails if the values of a file give one table two contents. */
export function assertTablesAgree(
  values: ReadonlyMap<string, Float32Array>,
  tables: ReadonlyMap<string, BaseParameter>,
  fail: Fail,
): void {
  const seen = new Map<unknown, string>();
  for (const [name, { parameter }] of tables) {
    const [given, first] = [values.get(name), seen.get(parameter)];
    if (!given) continue;
    seen.set(parameter, name);
    const other = first === undefined ? undefined : values.get(first);
    if (other?.some((value, i) => value !== given[i])) {
      fail(`${name} must equal ${first}: the model has one table for both.`);
    }
  }
}

/**
 * Gives tables of the base the values that an adapter's file has for them, as PEFT does on loading.
 * They stay frozen.
 * @returns what gives them back the values they had
 */
export async function replaceTables(
  model: Module,
  tables: ReadonlyMap<string, BaseParameter>,
  values: ReadonlyMap<string, Float32Array>,
): Promise<() => void> {
  const given = new Map([...tables].filter(([name]) => values.has(name)));
  if (given.size === 0) return () => undefined;
  const kept = new Map<BaseParameter['parameter'], Float32Array>();
  for (const { parameter } of given.values()) kept.set(parameter, await read(parameter));
  for (const [name, { parameter }] of given) assign(parameter, values.get(name) as Float32Array);
  replaced.set(model, new Set(given.keys()));
  return () => {
    for (const [parameter, before] of kept) assign(parameter, before);
    replaced.delete(model);
  };
}
