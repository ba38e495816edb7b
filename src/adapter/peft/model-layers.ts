import { LoRALinear, loraLayersOf } from '../../lora';
import { Embedding, LinearLayer, type Module } from '../../tensor/nn';
import { loraEmbeddingsOf, LoRAEmbedding } from '../embedding';

/** A linear layer or an embedding with an adapter on it. */
export type AdaptedLayer = LoRALinear | LoRAEmbedding;

/** k and d of a layer that can have an adapter. For an embedding k is the number of rows, d the width. */
export interface LayerSize {
  inFeatures: number;
  outFeatures: number;
  isEmbedding?: boolean;
}

/** All adapted layers of a model, by name. */
export function adaptedLayers(model: Module): Map<string, AdaptedLayer> {
  return new Map<string, AdaptedLayer>([...loraLayersOf(model), ...loraEmbeddingsOf(model)]);
}

/** The linear layers of a model, adapted or not, by the names they have without adapters. */
export function linearLayers(model: Module): Map<string, LinearLayer> {
  const layers = new Map<string, LinearLayer>();
  for (const [name, module] of model.namedModules({ borrowed: false })) {
    const layer = module instanceof LoRALinear ? module.base : module;
    if (layer instanceof LinearLayer) layers.set(name, layer);
  }
  return layers;
}

/** The layers that a config can name; all-linear names neither the head nor embeddings. */
export function targetLayers(model: Module, targets: unknown): Map<string, LayerSize> {
  const layers = new Map<string, LayerSize>(
    [...linearLayers(model)].map(([name, { inFeatures, outFeatures }]) => [
      name,
      { inFeatures, outFeatures },
    ]),
  );
  if (typeof targets === 'string' && targets.toLowerCase() === 'all-linear') {
    for (const head of model.headModules) layers.delete(head);
    return layers;
  }
  for (const [name, module] of model.namedModules({ borrowed: false })) {
    const table = module instanceof LoRAEmbedding ? module.base : module;
    if (!(table instanceof Embedding)) continue;
    const [inFeatures, outFeatures] = table.weight.shape;
    layers.set(name, { inFeatures, outFeatures, isEmbedding: true });
  }
  return layers;
}
