import { ArgumentError } from '../tensor/errors';
import { type Module, modulesOf } from '../tensor/nn';
import { LoRALayer } from './lora-layer';
import { LoRALinear } from './lora-linear';

/**
 * Several adapters of an `AdapterBank` in use at once are borrowed by layers of the bank's own, which
 * cannot be merged or saved as one adapter.
 * @param added the call by which the caller puts an adapter on a model, if it does
 * @throws ArgumentError, in the caller's name, if several adapters are in use on a model
 */
export function assertOneAdapter(caller: string, model: Module, added?: string): void {
  const single = new Set<Module>([
    ...modulesOf(model, LoRALayer, { borrowed: false }).values(),
    ...[...modulesOf(model, LoRALinear).values()].map(({ lora }) => lora),
  ]);
  if ([...modulesOf(model, LoRALayer).values()].every((lora) => single.has(lora))) return;
  throw new ArgumentError(
    added === undefined
      ? `${caller}: one adapter must be in use, but an AdapterBank uses several, or one for each row. Activate one adapter first: bank.activate(name).`
      : `${caller}: model must be in no AdapterBank, but one uses several adapters on it, or one for each row. Add the adapter to that bank: bank.add(name, (model) => ${added}).`,
  );
}
