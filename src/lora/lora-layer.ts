import * as tf from '@tensorflow/tfjs';
import {
  ArgumentError,
  assertFunction,
  assertOptions,
  assertPositiveIntegers,
  type OptionKeys,
  ShapeError,
} from '../tensor/errors';
import { assertLastAxis, Dropout, Module, asMatrix } from '../tensor/nn';
import { Random } from '../tensor/runtime';
import { type Init, kaimingUniform } from './init';
import { lowRankProduct } from './ops/low-rank-product';
import { overRank, type Scaling } from './scaling';

/** Rank, scale and start of an adapter. */
export interface LoRAOptions {
  /** rank, r >= 1; beyond min(d, k) it adds nothing that the weight itself could not hold */
  r: number;
  /** scale numerator: s = alpha / r, unless `scaling` says otherwise; at 0 the base computes alone */
  alpha: number;
  scaling?: Scaling;
  /** draws the first A, and B if B does not start at zero */
  init?: Init;
  seed?: number;
  /** while training, each entry of x is 0 for A with this probability */
  dropout?: number;
}

export const LORA_OPTIONS: OptionKeys<LoRAOptions> = {
  r: 'required',
  alpha: 'required',
  scaling: 'optional',
  init: 'optional',
  seed: 'optional',
  dropout: 'optional',
};

/** Options of an adapter for a layer of k inputs and d outputs. */
export interface LoRALayerOptions extends LoRAOptions {
  /** k */
  inFeatures: number;
  /** d */
  outFeatures: number;
}

/**
 * ΔW x = s B A x,  s = alpha / r        (Hu et al. 2021, eq. 3)
 *
 * x [..., k], A [r, k], B [d, r] -> [..., d]. A low-rank update of a weight [d, k], in
 * r (d + k) numbers instead of d k. B A starts at zero, and so does ΔW.
 */
export class LoRALayer extends Module {
  /** [r, k] */
  readonly A: tf.Variable<tf.Rank.R2>;
  /** [d, r] */
  readonly B: tf.Variable<tf.Rank.R2>;
  readonly alpha: number;
  readonly scalingRule: Scaling;
  readonly dropout: Dropout;
  private start: { A0: tf.Variable<tf.Rank.R2>; B0: tf.Variable<tf.Rank.R2> } | null = null;

  /**
   * @throws ArgumentError listing every option that is unknown or out of range, or if `scaling` gives no finite
   *   number; ShapeError if `init` gives other shapes than A [r, k] and B [d, r]
   */
  constructor(options: LoRALayerOptions) {
    super();
    assertValues(options);
    const { inFeatures: k, outFeatures: d, r, alpha, init = kaimingUniform, seed = 0 } = options;
    const advice = 'For pissa and olora call initFromBase after injectLora.';
    assertFunction('LoRALayer', { init }, 'gaussian or orthogonal', advice);
    this.dropout = this.addChild('dropout', new Dropout(options.dropout ?? 0));
    this.alpha = alpha;
    this.scalingRule = options.scaling ?? overRank;
    assertScale(this.scalingRule, alpha, r);
    const { A, B } = startOf(init, [r, k, d], new Random(seed));
    this.A = this.addParameter('A', A);
    this.B = this.addParameter('B', B);
  }

  /** k */
  get inFeatures(): number {
    return this.A.shape[1];
  }

  /** d */
  get outFeatures(): number {
    return this.B.shape[0];
  }

  get r(): number {
    return this.A.shape[0];
  }

  /** s, by default alpha / r */
  get scaling(): number {
    return this.scalingRule(this.alpha, this.r);
  }

  /** True after `initializeAt`. */
  get isBaseInitialized(): boolean {
    return this.start !== null;
  }

  /**
   * Sets A and B to copies of these values and subtracts their product from then on:
   * ΔW = s (B A - B0 A0). @throws ArgumentError on a second call
   */
  initializeAt(A0: tf.Tensor2D, B0: tf.Tensor2D): void {
    if (this.start) {
      throw new ArgumentError('initializeAt: may be called once per layer.');
    }
    this.A.assign(A0);
    this.B.assign(B0);
    this.start = {
      A0: this.addParameter('A0', A0.clone()),
      B0: this.addParameter('B0', B0.clone()),
    };
    this.start.A0.trainable = this.start.B0.trainable = false;
  }

  /**
   * A and B with ΔW = s B A. After `initializeAt` they are [A ; A0] and [B | -B0], for
   * s (B A - B0 A0) = s [B | -B0] [A ; A0]. Call it in a `tf.tidy`.
   */
  effectiveFactors(): { A: tf.Tensor2D; B: tf.Tensor2D } {
    const { A, B, start } = this;
    if (!start) return { A, B };
    return { A: tf.concat([A, start.A0]), B: tf.concat([B, start.B0.neg()], 1) };
  }

  /** The number of values that training may change: r (d + k), unless A or B is frozen. */
  trainableParameters(): number {
    return [this.A, this.B].reduce((sum, { trainable, size }) => sum + (trainable ? size : 0), 0);
  }

  /** s B (A x): x [..., k] -> [..., d]. @throws ShapeError if the last axis of x is not k */
  forward(x: tf.Tensor): tf.Tensor {
    this.assertAlive('LoRALayer.forward');
    assertLastAxis('LoRALayer.forward', x, this.inFeatures);
    return tf.tidy(() => {
      const { A, B } = this.effectiveFactors();
      const kept = this.dropout.forward(x);
      return asMatrix(kept, (rows) => lowRankProduct(rows, A, B, this.scaling));
    });
  }

  /** ΔW = s B A [d, k], owned by the caller; `forward` never forms it. */
  deltaWeight(): tf.Tensor2D {
    this.assertAlive('LoRALayer.deltaWeight');
    return tf.tidy(() => {
      const { A, B } = this.effectiveFactors();
      return tf.matMul(B, A).mul(this.scaling);
    });
  }
}

/** Draws A [r, k] and B [d, r]. Nothing leaks if it throws. */
function startOf(init: Init, [r, k, d]: [r: number, k: number, d: number], random: Random) {
  return tf.tidy(() => {
    const start = init([r, k], random, d);
    const given =
      start instanceof tf.Tensor ? { A: start, B: tf.zeros<tf.Rank.R2>([d, r]) } : start;
    for (const [name, wanted] of [
      ['A', [r, k]],
      ['B', [d, r]],
    ] as const) {
      const shape = (given as Partial<typeof given> | undefined)?.[name]?.shape;
      if (String(shape) === String(wanted)) continue;
      throw new ShapeError(
        `LoRALayer: init must give ${name} of shape [${wanted.join(', ')}], got ${shape ? `[${shape.join(', ')}]` : 'none'}.`,
      );
    }
    return given;
  });
}

function assertScale(scaling: Scaling, alpha: number, r: number): void {
  assertFunction('LoRALayer', { scaling }, 'rsLora');
  const s: unknown = scaling(alpha, r);
  if (Number.isFinite(s)) return;
  throw new ArgumentError(
    `LoRALayer: scaling must be a function of alpha and r that gives a finite number, got ${String(s)}.`,
  );
}

function assertValues(options: LoRALayerOptions): void {
  const sizes = { inFeatures: 'required', outFeatures: 'required' } as const;
  assertOptions('LoRALayer', options, { ...LORA_OPTIONS, ...sizes });
  const { inFeatures, outFeatures, r, alpha } = options;
  assertPositiveIntegers('LoRALayer', { inFeatures, outFeatures, r });
  if (!Number.isFinite(alpha)) {
    throw new ArgumentError(`LoRALayer: alpha must be a finite number, got ${alpha}.`);
  }
}
