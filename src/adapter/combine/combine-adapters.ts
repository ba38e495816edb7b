import * as tf from '@tensorflow/tfjs';
import { Matrix } from 'ml-matrix';
import { injectLora, LoRALinear, loraLayersOf } from '../../lora';
import {
  ArgumentError,
  assertOptions,
  kindOf,
  type OptionKeys,
  ShapeError,
} from '../../tensor/errors';
import type { Module } from '../../tensor/nn';
import { Draw, read } from '../../tensor/runtime';
import { byFactors, bySvd, cat, type CombineMethod, type WeightedFactors } from './methods';
import { nameAmong } from './rules';

const CALLER = 'combineAdapters';

/** The layers of one adapter, by name (`loraLayersOf`), and its weight. */
export interface WeightedAdapter {
  layers: ReadonlyMap<string, LoRALinear>;
  /** w: 1 for the adapter as it is, negative to subtract it */
  weight: number;
}

const ADAPTER: OptionKeys<WeightedAdapter> = { layers: 'required', weight: 'required' };

/** A [r, k] and B [d, r] by layer. */
type Combined = Map<string, { A: Matrix; B: Matrix }>;

/**
 * Combines several adapters into one, layer by layer, in float64 on the host: PEFT's
 * `add_weighted_adapter`. A layer that only some adapters have is combined from those. The
 * adapters are read and not changed; the result has the scale 1 on every layer.
 *
 * Two differences from PEFT 0.21: rsLoRA is combined correctly (there the result is √r times too
 * large), and DoRA is refused (there its magnitudes are lost without a word).
 * @param method `cat()`, `byFactors(rule)` or `bySvd(rule, r)`
 * @param seed for the methods with DARE, which draw
 * @returns a function that puts the new adapter on a model without one
 * @throws ArgumentError if an adapter has no layers or is DoRA, or a weight is not finite;
 *   ShapeError if layers of one name differ in size; what the method throws
 */
export async function combineAdapters(
  adapters: readonly WeightedAdapter[],
  method: CombineMethod,
  seed = 0,
): Promise<(model: Module) => string[]> {
  assertAdapters(adapters);
  assertMethod(method);
  const draw = new Draw(seed, 'combine');
  const combined: Combined = new Map();
  for (const name of new Set(adapters.flatMap(({ layers }) => [...layers.keys()]))) {
    const parts: WeightedFactors[] = [];
    for (const { layers, weight } of adapters) {
      const layer = layers.get(name);
      if (layer) parts.push({ ...(await factorsOf(layer)), weight });
    }
    combined.set(name, method(parts, draw.unit));
  }
  return (model) => putOn(model, combined);
}

async function factorsOf({ lora }: LoRALinear): Promise<Omit<WeightedFactors, 'weight'>> {
  const { A, B } = tf.tidy(() => {
    const { A, B } = lora.effectiveFactors();
    return { A: A.clone(), B: B.clone() };
  });
  try {
    const [a, b] = [await read(A), await read(B)];
    return {
      A: Matrix.from1DArray(...A.shape, a),
      B: Matrix.from1DArray(...B.shape, b),
      scaling: lora.scaling,
    };
  } finally {
    tf.dispose([A, B]);
  }
}

function putOn(model: Module, combined: Combined): string[] {
  assertFits(model, combined);
  const factors = (name: string) => combined.get(name) as { A: Matrix; B: Matrix };
  const rank = (name: string) => factors(name).A.rows;
  const targetModules = (name: string) => combined.has(name);
  const names = injectLora(model, { targetModules, r: rank, alpha: rank });
  const layers = loraLayersOf(model);
  for (const name of names) {
    const { lora } = layers.get(name) as LoRALinear;
    const { A, B } = factors(name);
    tf.tidy(() => {
      lora.A.assign(tf.tensor2d(A.to1DArray(), lora.A.shape));
      lora.B.assign(tf.tensor2d(B.to1DArray(), lora.B.shape));
    });
  }
  return names;
}

function assertAdapters(adapters: readonly WeightedAdapter[]): void {
  const fail = (fault: string): never => {
    throw new ArgumentError(`${CALLER}: ${fault}`);
  };
  if (adapters.length === 0) fail('adapters must be one or more, got none.');
  const sizes = new Map<string, string>();
  for (const [i, adapter] of adapters.entries()) {
    assertOptions(CALLER, adapter, ADAPTER);
    const { layers, weight } = adapter;
    if (!Number.isFinite(weight)) fail(`weight must be a finite number, got ${weight}.`);
    if (layers.size === 0) fail(`each adapter must have layers, got none in number ${i + 1}.`);
    for (const [name, { lora, variant }] of layers) {
      if (variant) {
        fail(`each layer must be LoRA, got a variant of it in ${name}. Merge it instead.`);
      }
      const size = `[${lora.outFeatures}, ${lora.inFeatures}]`;
      const other = sizes.get(name) ?? size;
      if (other !== size) {
        throw new ShapeError(`${CALLER}: the adapters of ${name} must be ${other}, got ${size}.`);
      }
      sizes.set(name, size);
    }
  }
}

function assertMethod(method: CombineMethod): void {
  const name = nameAmong({ cat, byFactors, bySvd }, method);
  if (typeof method === 'function' && name === undefined) return;
  throw new ArgumentError(
    `${CALLER}: method must be cat(), byFactors(rule) or bySvd(rule, r), got ${name ?? kindOf(method)}. Call one of them.`,
  );
}

/** Checks every layer before the model is changed. */
function assertFits(model: Module, combined: Combined): void {
  const modules = model.namedModules();
  const faults = [...combined].flatMap(([name, { A, B }]) => {
    const module = modules.get(name);
    if (module instanceof LoRALinear) return [`${name} has an adapter already`];
    const { inFeatures, outFeatures } = (module ?? {}) as Partial<LoRALinear['base']>;
    const [size, given] = [`[${B.rows}, ${A.columns}]`, `[${outFeatures}, ${inFeatures}]`];
    return size === given ? [] : [`${name} must be a layer ${size}`];
  });
  if (faults.length === 0) return;
  throw new ShapeError(
    `${CALLER}: the model must fit the adapter, but ${faults.slice(0, 20).join('; ')}.`,
  );
}
