import * as tf from '@tensorflow/tfjs';
import {
  type ByName,
  freezeBaseModel,
  LoRALayer,
  type Scaling,
  loraLayersOf,
  valueFor,
} from '../../lora';
import { ArgumentError, NonFiniteError } from '../../tensor/errors';
import { Embedding, type Module, modulesOf } from '../../tensor/nn';
import { read } from '../../tensor/runtime';
import { embeddingInit, LoRAEmbedding } from './lora-embedding';

/** What `injectEmbeddings` puts beside which tables. */
export interface EmbeddingOptions {
  /** their names, or the ends of these after a dot */
  targetModules: string[];
  r: ByName;
  alpha: ByName;
  scaling?: Scaling;
  /** kept for files, where all updates have one; ids can't be dropped out */
  dropout?: number;
  seed?: number;
}

/**
 * Puts a fresh update beside each table that is named, as `injectLora` does beside linear layers:
 * alone, or after it, for `injectLora` freezes all there is. A head that uses the same table is left as it is, as in PEFT.
 * @returns the names of the tables
 * @throws ArgumentError if a target matches none or an option is out of range; the model is then
 *   as it was
 */
export function injectEmbeddings(
  model: Module,
  { targetModules, r, alpha, seed = 0, ...options }: EmbeddingOptions,
): string[] {
  model.assertAlive('injectEmbeddings');
  const tables = embeddingsOf(model);
  for (const target of targetModules) {
    if ([...tables.keys()].some((name) => isMeant(name, target))) continue;
    throw new ArgumentError(
      `injectEmbeddings: targetModules must name embeddings of the model, got ${target}. There are ${[...tables.keys()].join(', ')}.`,
    );
  }
  const made = new Map<string, LoRAEmbedding>();
  try {
    for (const [name, base] of tables) {
      if (!targetModules.some((target) => isMeant(name, target))) continue;
      const [inFeatures, outFeatures] = base.weight.shape;
      const size = { inFeatures, outFeatures, r: valueFor(name, r), alpha: valueFor(name, alpha) };
      const start = { seed: seed + made.size, init: embeddingInit };
      made.set(name, new LoRAEmbedding(base, new LoRALayer({ ...options, ...size, ...start })));
    }
  } catch (error) {
    for (const update of made.values()) update.dispose();
    throw error;
  }
  // Where there are updates already, all else is frozen, and they must not be.
  if (loraLayersOf(model).size + loraEmbeddingsOf(model).size === 0) freezeBaseModel(model);
  for (const [name, update] of made) model.replaceModule(name, update);
  return [...made.keys()];
}

/** The tables of a model that have an update, by name. */
export function loraEmbeddingsOf(model: Module): Map<string, LoRAEmbedding> {
  return modulesOf(model, LoRAEmbedding);
}

/** The inverse of `injectEmbeddings`: frees every update beside a table, and puts the tables back. */
export function removeEmbeddings(model: Module): void {
  for (const [name, update] of loraEmbeddingsOf(model)) {
    update.dispose();
    model.replaceModule(name, update.base);
  }
}

/**
 * E + s (B A)ᵀ in the place of every table that has an update, which is freed.
 * @returns the names of the tables
 * @throws ArgumentError if the model uses a table in a second place, where it would change too;
 *   NonFiniteError if a merged one is not finite; the model is then as it was
 */
export async function mergeEmbeddings(model: Module): Promise<string[]> {
  model.assertAlive('mergeEmbeddings');
  const updates = loraEmbeddingsOf(model);
  const tied = [...updates.keys()].find((name) => model.tiedModules.includes(name));
  if (tied !== undefined) {
    throw new ArgumentError(
      `mergeEmbeddings: each table must be used once, but the model uses ${tied} in a second place too, which has no update. Keep the update beside it.`,
    );
  }
  const merged = new Map<string, Embedding>();
  try {
    for (const [name, update] of updates) merged.set(name, await mergedTable(name, update));
  } catch (error) {
    for (const table of merged.values()) table.dispose();
    throw error;
  }
  for (const [name, table] of merged) {
    freezeBaseModel(table);
    model.replaceModule(name, table);
    updates.get(name)?.dispose();
  }
  return [...updates.keys()];
}

async function mergedTable(name: string, { base, lora }: LoRAEmbedding): Promise<Embedding> {
  const weight = tf.tidy(() => base.weight.add<tf.Tensor2D>(lora.deltaWeight().transpose()));
  try {
    if ((await read(weight)).every(Number.isFinite)) return new Embedding({ weight });
    throw new NonFiniteError(
      `mergeEmbeddings: ${name} must be finite. Look for a diverged update.`,
    );
  } finally {
    weight.dispose();
  }
}

/** The tables that can take an update. */
function embeddingsOf(model: Module): Map<string, Embedding> {
  const tables = modulesOf(model, Embedding);
  for (const name of loraEmbeddingsOf(model).keys()) tables.delete(`${name}.base`);
  return tables;
}

function isMeant(name: string, target: string): boolean {
  return name === target || name.endsWith(`.${target}`);
}
