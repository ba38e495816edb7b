import { Matrix } from 'ml-matrix';
import { ArgumentError, kindOf } from '../../tensor/errors';

/** Draws from U(0, 1). */
export type Draw = () => number;

/** Combines tensors of one shape, each with its weight w, into one. */
export type MergeRule = (
  tensors: readonly Matrix[],
  weights: readonly number[],
  draw: Draw,
) => Matrix;

/** T = Σ wᵢ Tᵢ        (task arithmetic, Ilharco et al. 2023, section 2) */
export const sum = (): MergeRule => weightedSum;

const weightedSum: MergeRule = (tensors, weights) => {
  const [first] = tensors as [Matrix];
  return tensors.reduce(
    (total, tensor, i) => total.add(Matrix.mul(tensor, weights[i] as number)),
    Matrix.zeros(first.rows, first.columns),
  );
};

/**
 * T = Σ' wᵢ Tᵢ / n',  γ = sign(Σ Tᵢ)        (TIES, Yadav et al. 2023, section 3, with weights)
 *
 * Entry by entry: Σ' and n' are over the values of the elected sign γ, which is + if the sum is 0.
 * Weights have no vote, as in PEFT: with a vote, T - T would be T for positive entries, not 0.
 */
const elect: MergeRule = (tensors, weights) =>
  map(tensors[0] as Matrix, (_, i, j) => {
    const values = tensors.map((tensor) => tensor.get(i, j));
    const sign = values.reduce((total, value) => total + value, 0) < 0 ? -1 : 1;
    const agreeing = [...values.entries()].filter(([, value]) => value * sign > 0);
    const total = agreeing.reduce((sum, [n, value]) => sum + value * (weights[n] as number), 0);
    return total / Math.max(1, agreeing.length);
  });

/** TIES: keeps the share `density` of the largest entries of each tensor, then elects signs. */
export const ties = (density: number): MergeRule => trimmed('ties', density, elect);

/** Keeps the share `density` of the largest entries of each tensor, then sums. */
export const magnitudePrune = (density: number): MergeRule =>
  trimmed('magnitudePrune', density, weightedSum);

/** DARE, then the sum. Unbiased: the mean over all draws is the sum of the full tensors. */
export const dareLinear = (density: number): MergeRule =>
  dropped('dareLinear', density, weightedSum);

/** DARE, then elects signs as in TIES. */
export const dareTies = (density: number): MergeRule => dropped('dareTies', density, elect);

/** @throws ArgumentError, in the caller's name, if a rule is none, or was not called */
export function assertRule(caller: string, rule: MergeRule): void {
  const name = nameAmong({ sum, ties, dareLinear, dareTies, magnitudePrune }, rule);
  if (typeof rule === 'function' && name === undefined) return;
  throw new ArgumentError(
    `${caller}: rule must be sum(), ties(density) or another rule, got ${name ?? kindOf(rule)}. ${name === undefined ? '' : `Call it: ${name}(${name === 'sum' ? '' : 'density'}).`}`.trimEnd(),
  );
}

/** The name of a function that makes a rule or a method, where it was given without being called. */
export function nameAmong(makers: Record<string, unknown>, given: unknown): string | undefined {
  return Object.keys(makers).find((name) => makers[name] === given);
}

function trimmed(caller: string, density: number, rule: MergeRule): MergeRule {
  assertDensity(caller, density);
  return (tensors, weights, draw) =>
    rule(
      tensors.map((one) => trim(one, density)),
      weights,
      draw,
    );
}

function dropped(caller: string, density: number, rule: MergeRule): MergeRule {
  assertDensity(caller, density);
  return (tensors, weights, draw) =>
    rule(
      tensors.map((one) => drop(one, density, draw)),
      weights,
      draw,
    );
}

function trim(tensor: Matrix, density: number): Matrix {
  const values = tensor.to1DArray();
  const order = [...values.keys()].sort((a, b) => size(values, b) - size(values, a));
  const kept = new Set(order.slice(0, Math.floor(density * values.length)));
  return map(tensor, (value, i, j) => (kept.has(i * tensor.columns + j) ? value : 0));
}

/**
 * T̃ = m ⊙ T / p,  m ~ Bernoulli(p)        (DARE, Yu et al. 2024, eq. 2-3, with p the share kept)
 */
function drop(tensor: Matrix, density: number, draw: Draw): Matrix {
  return map(tensor, (value) => (draw() < density ? value / density : 0));
}

function size(values: readonly number[], i: number): number {
  return Math.abs(values[i] as number);
}

function map(tensor: Matrix, change: (value: number, i: number, j: number) => number): Matrix {
  return tensor.clone().apply(function (this: Matrix, i, j) {
    this.set(i, j, change(tensor.get(i, j), i, j));
  });
}

function assertDensity(caller: string, density: number): void {
  if (density > 0 && density <= 1) return;
  throw new ArgumentError(
    `${caller}: density must be more than 0 and at most 1, got ${density}. It is the share of entries that are kept.`,
  );
}
