import * as tf from '@tensorflow/tfjs';
import { freezeBaseModel, loraLayersOf, LoRALayer, type Scaling } from '../../lora';
import { ArgumentError, assertFinite, assertOptions, type OptionKeys } from '../../tensor/errors';
import {
  assertModule,
  type ByName,
  Embedding,
  makeLayers,
  matchesEntry,
  mergeLayers,
  type Module,
  modulesOf,
  putLayers,
  restoreBases,
  valueFor,
} from '../../tensor/nn';
import { read } from '../../tensor/runtime';
import { embeddingInit, LoRAEmbedding } from './lora-embedding';

/** Options of `injectEmbeddings`. */
export interface EmbeddingOptions {
  /** names of embeddings, or the ends of names after a dot */
  targetModules: readonly string[];
  r: ByName;
  alpha: ByName;
  scaling?: Scaling;
  /** kept for files, which have one for all adapters; ids have no dropout */
  dropout?: number;
  seed?: number;
}

const OPTIONS: OptionKeys<EmbeddingOptions> = {
  targetModules: 'required',
  r: 'required',
  alpha: 'required',
  scaling: 'optional',
  dropout: 'optional',
  seed: 'optional',
};

/**
 * Puts a fresh adapter on each embedding named, as `injectLora` does on linear layers. Call it
 * alone or after `injectLora`, which freezes the whole model. A head that uses the same table gets
 * no adapter, as in PEFT.
 * @returns the names of the embeddings
 * @throws ArgumentError if a target matches none, or an option is unknown or out of range; the model is then
 *   as it was
 */
export function injectEmbeddings(model: Module, options: EmbeddingOptions): string[] {
  assertModule('injectEmbeddings', model);
  assertOptions('injectEmbeddings', options, OPTIONS);
  const { targetModules, r, alpha, seed = 0, ...others } = options;
  const tables = modulesOf(model, Embedding, { borrowed: false });
  const taken = [...loraEmbeddingsOf(model).keys()];
  const names = matchEmbeddings([...tables.keys()], targetModules, taken);
  const adapted = makeLayers(names, (name, i) => {
    const base = tables.get(name) as Embedding;
    const [inFeatures, outFeatures] = base.weight.shape;
    const size = { inFeatures, outFeatures, r: valueFor(name, r), alpha: valueFor(name, alpha) };
    const lora = new LoRALayer({ ...others, ...size, seed: seed + i, init: embeddingInit });
    return new LoRAEmbedding(base, lora);
  });
  // A model with adapters is frozen already, apart from these adapters.
  if (loraLayersOf(model).size + loraEmbeddingsOf(model).size === 0) freezeBaseModel(model);
  putLayers(model, adapted);
  return [...adapted.keys()];
}

/** The adapted embeddings of a model, by name. */
export function loraEmbeddingsOf(model: Module): Map<string, LoRAEmbedding> {
  return modulesOf(model, LoRAEmbedding);
}

/** The inverse of `injectEmbeddings`: frees every adapter on an embedding and puts these back. */
export function removeEmbeddings(model: Module): void {
  restoreBases(model, loraEmbeddingsOf(model));
}

/**
 * Replaces every adapted embedding by one with the table E + s (B A)ᵀ, frozen, and frees the
 * adapter and the old table.
 * @returns the names of the embeddings
 * @throws ArgumentError if the model uses a table in a second place, where it would change too;
 *   NonFiniteError if a merged one is not finite; the model is then as it was
 */
export async function mergeEmbeddings(model: Module): Promise<string[]> {
  assertModule('mergeEmbeddings', model);
  const adapted = loraEmbeddingsOf(model);
  const tied = [...adapted.keys()].find((name) => model.tiedModules.includes(name));
  if (tied !== undefined) {
    throw new ArgumentError(
      `mergeEmbeddings: each table must be used once, but the model uses ${tied} in a second place too, which has no adapter. Keep the adapter on it.`,
    );
  }
  return mergeLayers('mergeEmbeddings', model, adapted, async (layer, name) => {
    const table = await mergedTable(name, layer);
    freezeBaseModel(table);
    return table;
  });
}

async function mergedTable(name: string, { base, lora }: LoRAEmbedding): Promise<Embedding> {
  const weight = tf.tidy(() => base.weight.add<tf.Tensor2D>(lora.deltaWeight().transpose()));
  try {
    assertFinite('mergeEmbeddings', name, await read(weight), 'Look for a diverged adapter.');
    return new Embedding({ weight });
  } finally {
    weight.dispose();
  }
}

/** The names that the targets match, in the order given. @throws ArgumentError if one has none */
function matchEmbeddings(
  names: readonly string[],
  targets: readonly string[],
  taken: readonly string[],
): string[] {
  for (const target of [targets].flat()) {
    const matches = (name: string) => matchesEntry(name, target);
    if (names.some(matches)) continue;
    const advice = taken.some(matches)
      ? 'It has an adapter already: remove it (removeEmbeddings) or merge it (mergeEmbeddings).'
      : `There are ${[...names, ...taken].join(', ')}.`;
    throw new ArgumentError(
      `injectEmbeddings: targetModules must name embeddings without an adapter, got ${target}. ${advice}`,
    );
  }
  return names.filter((name) => targets.some((target) => matchesEntry(name, target)));
}
