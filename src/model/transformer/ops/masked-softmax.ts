import * as tf from '@tensorflow/tfjs';
import { defineOp, runNativeOp } from '../../../tensor/op';
import { maskedSoftmaxGradientWebGpu, maskedSoftmaxWebGpu } from './masked-softmax-webgpu';

type Inputs = {
  /** Q Kᵀ [batch, heads, time, all] */
  scores: tf.Tensor4D;
  /** added to the scores, [time, all] or [batch, 1, time, all]; null to mask nothing */
  mask: tf.Tensor | null;
};
type Attrs = {
  /** 1 / √d */
  scale: number;
};

/**
 * p = softmax(scale Q Kᵀ + mask) over the last axis        (Vaswani et al. 2017, eq. 1)
 *
 * scores [batch, heads, time, all] -> p of that shape, owned by the caller; the mask is a constant.
 * One op on the tape, which keeps p alone.
 */
export const maskedSoftmax = defineOp<Inputs, Attrs, tf.Tensor4D>('MaskedSoftmax', {
  shapes: {
    scores: 'batch heads time all',
    mask: ['time all', 'batch 1 time all'],
  },
  reference: ({ scores, mask }, { scale }) =>
    tf.tidy(() => {
      const scaled = scores.mul(scale);
      return tf.softmax(mask ? scaled.add(mask) : scaled);
    }),
  native: ({ scores, mask }, { scale }) =>
    tf.tidy(() => runNativeOp('LoraMaskedSoftmax', [scores, mask ?? tf.tensor1d([])], { scale })),
  webgpu: maskedSoftmaxWebGpu,
  saves: ['output'],
  gradient: (dp, { output: p }, { scale }) => ({
    scores: () => maskedSoftmaxGradient({ dp, p }, { scale }),
  }),
});

/** dL/dscores = scale p (dL/dp - Σ p dL/dp) */
const maskedSoftmaxGradient = defineOp<Record<'dp' | 'p', tf.Tensor4D>, Attrs, tf.Tensor4D>(
  'MaskedSoftmaxGradient',
  {
    shapes: { dp: '...', p: '...' },
    reference: ({ dp, p }, { scale }) =>
      tf.tidy(() => {
        const weighted = p.mul(dp);
        return weighted.sub(p.mul(weighted.sum(-1, true))).mul(scale);
      }),
    native: ({ dp, p }, { scale }) => runNativeOp('LoraMaskedSoftmaxGradient', [dp, p], { scale }),
    webgpu: maskedSoftmaxGradientWebGpu,
  },
);
