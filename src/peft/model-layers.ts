import { LoRALinear, type Module } from '../lora';
import { LinearLayer } from '../nn';

/** All linear layers of a model, those below an update by the name of their place. */
export function linearLayers(model: Module): Map<string, LinearLayer> {
  const layers = new Map<string, LinearLayer>();
  for (const [name, module] of model.namedModules()) {
    if (module instanceof LoRALinear) layers.set(name, module.base);
    else if (module instanceof LinearLayer && !isBase(name, layers)) layers.set(name, module);
  }
  return layers;
}

function isBase(name: string, layers: ReadonlyMap<string, LinearLayer>): boolean {
  return name.endsWith('.base') && layers.has(name.slice(0, -'.base'.length));
}
