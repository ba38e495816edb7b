import * as tf from '@tensorflow/tfjs';
import { Matrix } from 'ml-matrix';
import { injectLora, type LoRALinear, loraLayersOf } from '../../lora';
import { ArgumentError, ShapeError } from '../../tensor/errors';
import type { Module } from '../../tensor/nn';
import { Draw, read } from '../../tensor/runtime';
import type { Part, CombineMethod } from './methods';

const CALLER = 'combineAdapters';

/** The updates of one adapter by the names of their layers (`loraLayersOf`), and its weight. */
export interface WeightedAdapter {
  updates: ReadonlyMap<string, LoRALinear>;
  /** w: 1 for the adapter as it is, negative to take it away */
  weight: number;
}

/** A [r, k] and B [d, r] by layer. */
type Combined = Map<string, { A: Matrix; B: Matrix }>;

/**
 * Makes one adapter of several, layer by layer, in float64 on the host: PEFT's
 * `add_weighted_adapter`. A layer that only some of them update takes part with those. The updates
 * are read, and stay as they are; each new one has the scale 1.
 *
 * Otherwise than in PEFT 0.21, rsLoRA is combined right (there the result is √r times too large),
 * and DoRA is refused (there its magnitudes are silently lost).
 * @param way `cat`, `byFactors(...)` or `bySvd(...)`
 * @param seed for the ways that draw: those with DARE
 * @returns what puts the new updates beside the layers of a model without updates
 * @throws ArgumentError if an adapter has no updates or is DoRA, or a weight is not finite;
 *   ShapeError if updates of one name differ in size; what the way throws
 */
export async function combineAdapters(
  adapters: readonly WeightedAdapter[],
  way: CombineMethod,
  seed = 0,
): Promise<(model: Module) => string[]> {
  assertAdapters(adapters);
  const draw = new Draw(seed, 'combine');
  const combined: Combined = new Map();
  for (const name of new Set(adapters.flatMap(({ updates }) => [...updates.keys()]))) {
    const parts: Part[] = [];
    for (const { updates, weight } of adapters) {
      const update = updates.get(name);
      if (update) parts.push({ ...(await factorsOf(update)), weight });
    }
    combined.set(name, way(parts, draw.unit));
  }
  return (model) => putBeside(model, combined);
}

async function factorsOf({ lora }: LoRALinear): Promise<Omit<Part, 'weight'>> {
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

function putBeside(model: Module, combined: Combined): string[] {
  assertFits(model, combined);
  const factors = (name: string) => combined.get(name) as { A: Matrix; B: Matrix };
  const rank = (name: string) => factors(name).A.rows;
  const targetModules = (name: string) => combined.has(name);
  const names = injectLora(model, { targetModules, r: rank, alpha: rank });
  const updates = loraLayersOf(model);
  for (const name of names) {
    const { lora } = updates.get(name) as LoRALinear;
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
  for (const [i, { updates, weight }] of adapters.entries()) {
    if (!Number.isFinite(weight)) fail(`weight must be a finite number, got ${weight}.`);
    if (updates.size === 0) fail(`each adapter must have updates, got none in number ${i + 1}.`);
    for (const [name, { lora, rescale }] of updates) {
      if (rescale) {
        fail(`each update must be plain LoRA, got a variant of it in ${name}. Merge it instead.`);
      }
      const size = `[${lora.outFeatures}, ${lora.inFeatures}]`;
      const other = sizes.get(name) ?? size;
      if (other !== size) {
        throw new ShapeError(`${CALLER}: the updates of ${name} must be ${other}, got ${size}.`);
      }
      sizes.set(name, size);
    }
  }
}

/** Before anything is put beside anything. */
function assertFits(model: Module, combined: Combined): void {
  const modules = model.namedModules();
  const faults = [...combined].flatMap(([name, { A, B }]) => {
    const { inFeatures, outFeatures } = (modules.get(name) ?? {}) as Partial<LoRALinear['base']>;
    const [size, given] = [`[${B.rows}, ${A.columns}]`, `[${outFeatures}, ${inFeatures}]`];
    return size === given ? [] : [`${name} must be a layer ${size}`];
  });
  if (faults.length === 0) return;
  throw new ShapeError(
    `${CALLER}: the model must fit the updates, but ${faults.slice(0, 20).join('; ')}.`,
  );
}
