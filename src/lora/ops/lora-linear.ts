import * as tf from '@tensorflow/tfjs';
import { asMatrix, linearNative } from '../../tensor/nn';
import { defineOp, runNativeOp } from '../../tensor/op';
import { addAdapterNative } from './add-adapter';
import { loraLinearInputGradientWebGpu, loraLinearWebGpu } from './lora-linear-webgpu';
import { lowRankGradients } from './low-rank-gradients';
import {
  type AdapterInputs,
  lowRankProduct,
  type Scales,
  type ScalingAttrs,
} from './low-rank-product';
import { mergeIfCheaper } from './merge-first';

/** W0 [d, k] */
type Inputs = AdapterInputs & { w0: tf.Tensor2D };

/**
 * h = W0 x + b + s B (A x)        (Hu et al. 2021, eq. 3)
 *
 * x [..., k], w0 [d, k], bias [d] or null, A [r, k], B [d, r] -> h [..., d], owned by the caller.
 * One op on the tape: it keeps x, w0, A and B and nothing in between. The gradient of an input that
 * is not asked for, such as the frozen w0, is never computed.
 *
 * Several adapters in one pass: A [Σr, k] and B [d, Σr] hold all of them, and the scales [n, Σr]
 * are 0 where a token does not use an adapter.
 */
export function loraLinear(
  x: tf.Tensor,
  w0: tf.Tensor2D,
  bias: tf.Tensor1D | null,
  A: tf.Tensor2D,
  B: tf.Tensor2D,
  scaling: Scales,
): tf.Tensor {
  return asMatrix(x, (rows) => loraLinearOp({ x: rows, w0, A, B, bias }, { scaling }));
}

/**
 * With dy = dL/dh [n, d], x [n, k]:
 *
 *   dL/dx = dy W0 + s (dy B) A   [n, k]
 *   dL/db = Σ dy                 [d]
 *   dL/dW0 = dyᵀ x               [d, k]
 *
 * and dL/dA and dL/dB by `lowRankGradients`, which are computed in one pass.
 */
const loraLinearOp = defineOp<Inputs, ScalingAttrs, tf.Tensor2D>('LoRALinear', {
  shapes: { x: 'n k', w0: 'd k', A: 'r k', B: 'd r', bias: 'd', scaling: ['n r', '1 r'] },
  reference: ({ x, w0, A, B, bias }, { scaling }) =>
    tf.tidy(() => {
      const base = tf.matMul(x, w0, false, true); // [n, d]
      const h = base.add(lowRankProduct(x, A, B, scaling));
      return bias ? h.add(bias) : h;
    }),
  // Either one pass over W0 makes W0 + s B A, or one pass over x and W0 x adds b + s B (A x).
  native: ({ x, w0, A, B, bias }, { scaling }) =>
    tf.tidy(() => {
      const merged = mergeIfCheaper(x.shape[0], { w0, A, B }, scaling);
      if (merged) return linearNative(x, merged, bias);
      const product = tf.matMul(x, w0, false, true); // [n, d]
      return addAdapterNative(product, { x, A, B, bias }, scaling);
    }),
  webgpu: loraLinearWebGpu,
  saves: ['x', 'w0', 'A', 'B'],
  gradient: (dy, { x, w0, A, B }, { scaling }) => {
    const { dS, dA, dB } = lowRankGradients({ dy, x, A, B }, { scaling });
    return {
      A: () => dA,
      B: () => dB,
      x: () => loraLinearInputGradient({ dy, w0, A, B, dS }, { scaling }),
      bias: () => dy.sum(0),
      w0: () => tf.matMul(dy, x, true, false),
    };
  },
});

type GradientInputs = {
  /** dL/dh [n, d] */
  dy: tf.Tensor2D;
  w0: tf.Tensor2D;
  A: tf.Tensor2D;
  B: tf.Tensor2D;
  /** s (dy B), [n, r] */
  dS: tf.Tensor2D;
};

/** dL/dx = dy W0 + s (dy B) A, [n, k], owned by the caller. It has no gradient. */
const loraLinearInputGradient = defineOp<GradientInputs, ScalingAttrs, tf.Tensor2D>(
  'LoRALinearInputGradient',
  {
    shapes: { dy: 'n d', w0: 'd k', A: 'r k', B: 'd r', dS: 'n r' },
    reference: ({ dy, w0, dS, A }) => tf.tidy(() => tf.matMul(dy, w0).add(tf.matMul(dS, A))),
    // Adds s (dy B) A to dy W0 in place, or multiplies by W0 + s B A.
    native: ({ dy, w0, dS, A, B }, { scaling }) =>
      tf.tidy(() => {
        const merged = mergeIfCheaper(dy.shape[0], { w0, A, B }, scaling);
        if (merged) return tf.matMul(dy, merged);
        return runNativeOp('LoraLinearInputGradient', [tf.matMul(dy, w0), dS, A]);
      }),
    webgpu: loraLinearInputGradientWebGpu,
  },
);
