import { loraLayersOf } from '../../lora';
import { ArgumentError } from '../../tensor/errors';
import { assertModule, type Module } from '../../tensor/nn';

interface Bank {
  readonly names: readonly string[];
}

/** The latest bank of each model. */
const banks = new WeakMap<Module, Bank>();

/**
 * Makes a model a bank's own: of two banks, each would replace the other's layers.
 * @throws ArgumentError if the model has an adapter, or is in a bank that has some
 */
export function claimModel(model: Module, bank: Bank): void {
  assertModule('AdapterBank', model);
  const names = banks.get(model)?.names ?? [];
  if (names.length > 0) {
    throw new ArgumentError(
      `AdapterBank: the model must be in no other bank, but is in one with ${names.join(', ')}. Use that bank (bank.add), or free its adapters first: bank.dispose().`,
    );
  }
  if (loraLayersOf(model).size > 0) {
    throw new ArgumentError(
      'AdapterBank: the model must have no adapter, but has one. Remove it (removeLora) and add it to the bank.',
    );
  }
  banks.set(model, bank);
}
