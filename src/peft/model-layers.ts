import { Linear, LoRALinear, type Module } from '../lora';

/** All linear layers of a model, those below an update by the name of their place. */
export function linearLayers(model: Module): Map<string, Linear> {
  const layers = new Map<string, Linear>();
  for (const [name, module] of model.namedModules()) {
    if (module instanceof LoRALinear) layers.set(name, module.base);
    else if (module instanceof Linear && !isBase(name, layers)) layers.set(name, module);
  }
  return layers;
}

function isBase(name: string, layers: ReadonlyMap<string, Linear>): boolean {
  return name.endsWith('.base') && layers.has(name.slice(0, -'.base'.length));
}
