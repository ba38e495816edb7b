import type { Module } from '../tensor/nn';

/**
 * Freezes every parameter of a module: training leaves it as it is. Call it on a base model before
 * adapters are put on its layers; parameters added later are trainable.
 */
export function freezeBaseModel(module: Module): void {
  for (const parameter of module.namedParameters().values()) parameter.trainable = false;
}
