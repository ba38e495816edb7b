import * as tf from '@tensorflow/tfjs';
import { Matrix, QrDecomposition, SingularValueDecomposition } from 'ml-matrix';
import { assertOneAdapter, LoRALayer, LoRALinear, loraLayersOf } from '../../lora';
import {
  ArgumentError,
  assertFunction,
  assertOptions,
  kindOf,
  type NoOptions,
} from '../../tensor/errors';
import { assertModule, disposeAll, makeLayers, type Module, putLayers } from '../../tensor/nn';
import { read } from '../../tensor/runtime';

/** Computes A0 [r, k] and B0 [d, r] from a weight W0 [d, k], in float64 on the host. */
export type BaseInit = (W0: Matrix, r: number, scaling: number) => { A0: Matrix; B0: Matrix };

/**
 * W0 = U S Vᵀ,  A0 = √(S_r / s) V_rᵀ,  B0 = U_r √(S_r / s)        (PiSSA, Meng et al. 2024, eq. 2-3)
 *
 * s B0 A0 is the part of W0 with the r largest singular values S_r. The decomposition is complete
 * and takes seconds for d = k = 768.
 */
export const pissa: BaseInit = (W0, r, scaling) => {
  assertWeight('pissa', W0);
  const svd = new SingularValueDecomposition(W0, { autoTranspose: true });
  const first = (vectors: Matrix) => vectors.subMatrix(0, vectors.rows - 1, 0, r - 1);
  const root = Matrix.diag(svd.diagonal.slice(0, r).map((value) => Math.sqrt(value / scaling)));
  return {
    A0: root.mmul(first(svd.rightSingularVectors).transpose()),
    B0: first(svd.leftSingularVectors).mmul(root),
  };
};

/**
 * W0 = Q R,  A0 = R_r,  B0 = Q_r        (OLoRA, Büyükakyüz 2024, eq. 4)
 *
 * Only the first r columns of W0 are needed for Q_r; R_r = Q_rᵀ W0.
 */
export const olora: BaseInit = (W0, r) => {
  assertWeight('olora', W0);
  const Q = new QrDecomposition(W0.subMatrix(0, W0.rows - 1, 0, r - 1)).orthogonalMatrix;
  return { A0: Q.transpose().mmul(W0), B0: Q };
};

/** As `init` of `injectLora` they would get a shape. */
function assertWeight(caller: string, W0: unknown): void {
  if (W0 instanceof Matrix) return;
  throw new ArgumentError(
    `${caller}: W0 must be a weight, got ${kindOf(W0)}. Call initFromBase(model, ${caller}) after injectLora.`,
  );
}

/**
 * Starts the fresh adapter of a model from the base's weights:
 *
 * h = W0 x + b + s (B A - B0 A0) x,  A = A0 and B = B0 at first
 *
 * The papers subtract s B0 A0 from W0 instead, which computes the same; here W0 is shared and not
 * changed. `convertToLora` makes a usual adapter of the result.
 * @throws ArgumentError if there is no adapter, or one that started like this already, has a variant
 *   such as DoRA, a scale that is not positive, or a higher rank than its weight, or is one of several
 *   in use; the model is then as it was
 */
export async function initFromBase(
  model: Module,
  init: BaseInit,
  options: NoOptions = {},
): Promise<void> {
  assertModule('initFromBase', model);
  assertFunction('initFromBase', { init }, 'pissa or olora');
  assertOptions('initFromBase', options, {});
  assertOneAdapter('initFromBase', model);
  const layers = [...loraLayersOf(model).values()];
  if (layers.length === 0) {
    throw new ArgumentError(
      'initFromBase: model must have an adapter, got none. Call injectLora first.',
    );
  }
  for (const layer of layers) assertCanStart(layer);
  for (const { base, lora } of layers) {
    const weight = base.denseWeight();
    const values = await read(weight).finally(() => weight.dispose());
    const W0 = Matrix.from1DArray(base.outFeatures, base.inFeatures, values);
    const { A0, B0 } = init(W0, lora.r, lora.scaling);
    tf.tidy(() => lora.initializeAt(toTensor(A0), toTensor(B0)));
  }
}

function assertCanStart({ lora, variant }: LoRALinear): void {
  const fail = (fault: string): never => {
    throw new ArgumentError(`initFromBase: ${fault}`);
  };
  const most = Math.min(lora.inFeatures, lora.outFeatures);
  if (variant) fail('each layer must be LoRA, got a variant of it.');
  if (lora.r > most)
    fail(`r must be at most min(inFeatures, outFeatures) = ${most}, got ${lora.r}.`);
  if (!(lora.scaling > 0)) fail(`the scale must be a positive number, got ${lora.scaling}.`);
}

function toTensor(matrix: Matrix): tf.Tensor2D {
  return tf.tensor2d(matrix.to1DArray(), [matrix.rows, matrix.columns]);
}

/**
 * s (B A - B0 A0) = s [B | -B0] [A ; A0]: converts each adapter that started from the base to a
 * usual one of rank 2r and the same s, as PEFT's `path_initial_model_for_weight_conversion` does.
 * The model computes what it did before, and its adapter can be saved.
 */
export function convertToLora(model: Module): void {
  assertModule('convertToLora', model);
  assertOneAdapter('convertToLora', model);
  const started = new Map(
    [...loraLayersOf(model)].filter(([, { lora }]) => lora.isBaseInitialized),
  );
  const converted = makeLayers(started.keys(), (name) => {
    const { base, lora } = started.get(name) as LoRALinear;
    return new LoRALinear(base, convertLayer(lora));
  });
  putLayers(model, converted);
  disposeAll(started);
}

function convertLayer(lora: LoRALayer): LoRALayer {
  const { inFeatures, outFeatures, alpha, scalingRule } = lora;
  const r = 2 * lora.r;
  return new LoRALayer({
    inFeatures,
    outFeatures,
    r,
    alpha: (alpha * lora.scaling) / scalingRule(alpha, r), // 2 alpha, and √2 alpha for rsLoRA
    scaling: scalingRule,
    dropout: lora.dropout.p,
    init: () => tf.tidy(() => lora.effectiveFactors()),
  });
}
