import { ArgumentError, assertFunction, kindOf } from '../tensor/errors';
import type { LinearLayer, Module } from '../tensor/nn';
import type { LoRALayer } from './lora-layer';

/**
 * Creates the module (for DoRA, `Dora`) that is applied to (W0 + s B A) x [..., d] before b is
 * added. The layer owns it.
 */
export type Variant = (base: LinearLayer, lora: LoRALayer) => Module;

/** @throws ArgumentError if the variant is no function, or returns no module */
export function makeVariant(variant: Variant, base: LinearLayer, lora: LoRALayer): Module {
  assertFunction('LoRALinear', { variant }, 'dora');
  const made: Module | undefined = variant(base, lora);
  if (typeof made?.forward === 'function' && typeof made.namedParameters === 'function')
    return made;
  throw new ArgumentError(`LoRALinear: variant must return a Module, got ${kindOf(made)}.`);
}
