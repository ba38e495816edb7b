import type { Module } from '../tensor/nn';

/**
 * Takes every parameter of a module out of training. For a base model, before updates are put
 * beside its layers: what is added later stays trainable.
 */
export function freezeBaseModel(module: Module): void {
  for (const parameter of module.namedParameters().values()) parameter.trainable = false;
}
