import { Matrix, QrDecomposition, SingularValueDecomposition } from 'ml-matrix';
import { ArgumentError } from '../../tensor/errors';
import { assertRule, type Draw, type MergeRule, sum } from './rules';

/** One adapter on a layer: A [r, k], B [d, r], its scale s and its weight w. */
export interface WeightedFactors {
  A: Matrix;
  B: Matrix;
  scaling: number;
  weight: number;
}

/** Combines the adapters on a layer into one A and B of scale 1. */
export type CombineMethod = (
  parts: readonly WeightedFactors[],
  draw: Draw,
) => { A: Matrix; B: Matrix };

/**
 * A = [w₁ s₁ A₁ ; w₂ s₂ A₂ ; ...],  B = [B₁ | B₂ | ...]
 *
 * Exact: B A = Σ wᵢ sᵢ Bᵢ Aᵢ. The price is the rank, r₁ + r₂ + ...; ranks may differ.
 */
export const cat = (): CombineMethod => catenate;

const catenate: CombineMethod = (parts) => ({
  A: parts
    .map(({ A, scaling, weight }) => Matrix.mul(A, weight * scaling))
    .reduce((above, below) => stack(above, below)),
  B: parts
    .map(({ B }) => B.transpose())
    .reduce((above, below) => stack(above, below))
    .transpose(),
});

function stack(above: Matrix, below: Matrix): Matrix {
  return new Matrix([...above.to2DArray(), ...below.to2DArray()]);
}

/**
 * A = rule(√|w₁ s₁| sign(w₁) A₁, ...),  B = rule(√|w₁ s₁| B₁, ...)
 *
 * PEFT's "linear", "ties", "dare_linear", "dare_ties" and "magnitude_prune", by the rule. It keeps
 * the rank, but is not a sum of the ΔW even with the rule `sum`. For two adapters
 *
 *     B A = w₁ s₁ B₁ A₁ + w₂ s₂ B₂ A₂ + √|w₁ s₁ w₂ s₂| (B₁ A₂ + B₂ A₁)
 *
 * (with w > 0), and nothing was trained for the last, the cross term. `cat` and `bySvd` have none.
 * @throws ArgumentError if the rule is none; when it combines, if the ranks on a layer differ
 */
export function byFactors(rule: MergeRule): CombineMethod {
  assertRule('byFactors', rule);
  return (parts, draw) => {
    const ranks = new Set(parts.map(({ A }) => A.rows));
    if (ranks.size > 1) {
      throw new ArgumentError(
        `byFactors: the adapters on a layer must have one rank, got ${[...ranks].join(' and ')}. Use cat or bySvd.`,
      );
    }
    const factors = parts.map(({ weight, scaling }) => weight * scaling);
    const roots = factors.map((factor) => Math.sqrt(Math.abs(factor)));
    const signed = factors.map((factor, i) => Math.sign(factor) * (roots[i] as number));
    const all = (matrix: 'A' | 'B') => parts.map((part) => part[matrix]);
    return { A: rule(all('A'), signed, draw), B: rule(all('B'), roots, draw) };
  };
}

/**
 * U S Vᵀ = rule(s₁ B₁ A₁, ...),  A = V_rᵀ,  B = U_r S_r
 *
 * PEFT's "svd", "ties_svd" and so on, by the rule: the closest matrix of rank r (Eckart and Young
 * 1936). Any rule but `sum` decomposes a whole [d, k], which takes about ten seconds for
 * d = k = 768.
 * @param r the largest rank of the parts unless given; at most a layer's own
 * @throws ArgumentError if the rule is none, or r is not a positive integer
 */
export function bySvd(rule: MergeRule = sum(), r?: number): CombineMethod {
  assertRule('bySvd', rule);
  if (r !== undefined && !(Number.isSafeInteger(r) && r > 0)) {
    throw new ArgumentError(`bySvd: r must be a positive integer, got ${r}.`);
  }
  return (parts, draw) => {
    const deltas = () => parts.map(({ A, B, scaling }) => Matrix.mul(B.mmul(A), scaling));
    const weights = parts.map(({ weight }) => weight);
    const { U, S, V } =
      rule === sum() ? svdOfProduct(catenate(parts, draw)) : svdOf(rule(deltas(), weights, draw));
    const most = r ?? Math.max(...parts.map(({ A }) => A.rows));
    const first = (vectors: Matrix) =>
      vectors.subMatrix(0, vectors.rows - 1, 0, Math.min(most, S.length) - 1);
    return { A: first(V).transpose(), B: first(U.mmul(Matrix.diag(S))) };
  };
}

/** M = U diag(S) Vᵀ, S falling */
interface Svd {
  U: Matrix;
  S: number[];
  V: Matrix;
}

function svdOf(matrix: Matrix): Svd {
  const svd = new SingularValueDecomposition(matrix, { autoTranspose: true });
  return { U: svd.leftSingularVectors, S: svd.diagonal, V: svd.rightSingularVectors };
}

/** The SVD of B A from B = Q R and Aᵀ = Q' R': only the small R R'ᵀ is decomposed. */
function svdOfProduct({ A, B }: { A: Matrix; B: Matrix }): Svd {
  if (A.rows > Math.min(A.columns, B.rows)) return svdOf(B.mmul(A));
  const [left, right] = [new QrDecomposition(B), new QrDecomposition(A.transpose())];
  const core = left.upperTriangularMatrix.mmul(right.upperTriangularMatrix.transpose());
  const { U, S, V } = svdOf(core);
  return { U: left.orthogonalMatrix.mmul(U), S, V: right.orthogonalMatrix.mmul(V) };
}
