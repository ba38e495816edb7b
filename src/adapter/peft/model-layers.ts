import { LoRALinear, loraLayersOf } from '../../lora';
import { Embedding, LinearLayer, type Module } from '../../tensor/nn';
import { loraEmbeddingsOf, LoRAEmbedding } from '../embedding';

/** What an update is, whatever it stands beside. */
export type Update = Pick<LoRALinear, 'lora' | 'rescale'>;

/** What an update can stand beside: k and d. Of a table k is the number of rows, d the width. */
export interface LayerSize {
  inFeatures: number;
  outFeatures: number;
  isEmbedding?: boolean;
}

/** All updates of a model, by the names of their layers. */
export function allUpdates(model: Module): Map<string, Update> {
  return new Map<string, Update>([...loraLayersOf(model), ...loraEmbeddingsOf(model)]);
}

/** All linear layers of a model, those below an update by the name of their place. */
export function linearLayers(model: Module): Map<string, LinearLayer> {
  const layers = new Map<string, LinearLayer>();
  for (const [name, module] of model.namedModules()) {
    if (module instanceof LoRALinear) layers.set(name, module.base);
    else if (module instanceof LinearLayer && !isBase(name, layers)) layers.set(name, module);
  }
  return layers;
}

/** All layers that a config can mean: linear ones, and unless it says all-linear the tables. */
export function targetLayers(model: Module, targets: unknown): Map<string, LayerSize> {
  const layers = new Map<string, LayerSize>(linearLayers(model));
  if (typeof targets === 'string' && targets.toLowerCase() === 'all-linear') return layers;
  for (const [name, module] of model.namedModules()) {
    const table = module instanceof LoRAEmbedding ? module.base : module;
    if (!(table instanceof Embedding) || isBase(name, layers)) continue;
    const [inFeatures, outFeatures] = table.weight.shape;
    layers.set(name, { inFeatures, outFeatures, isEmbedding: true });
  }
  return layers;
}

function isBase(name: string, layers: ReadonlyMap<string, unknown>): boolean {
  return name.endsWith('.base') && layers.has(name.slice(0, -'.base'.length));
}
