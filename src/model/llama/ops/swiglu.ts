import * as tf from '@tensorflow/tfjs';
import { defineOp, runNativeOp, runNativeOpOf } from '../../../tensor/op';
import { swigluGradientWebGpu, swigluWebGpu } from './swiglu-webgpu';

type Inputs = { gate: tf.Tensor; up: tf.Tensor };

/**
 * y = gate σ(gate) · up        (Shazeer 2020, eq. 5, with β = 1)
 *
 * gate and up of one shape -> y, owned by the caller. One op on the tape, which keeps both: σ(gate)
 * is computed again. Its gradient makes both inputs' in one pass.
 */
export const swiglu = defineOp<Inputs>('SwiGLU', {
  shapes: { gate: '...', up: '...' },
  reference: ({ gate, up }) => tf.tidy(() => gate.mul(gate.sigmoid()).mul(up)),
  native: ({ gate, up }) => runNativeOp('LoraSwiGLU', [gate, up]),
  webgpu: swigluWebGpu,
  saves: ['gate', 'up'],
  gradient: (dy, { gate, up }) => {
    const made = swigluGradient({ dy, gate, up });
    return { gate: () => made.gate, up: () => made.up };
  },
});

/** dL/dgate = dL/dy up σ (1 + gate (1 - σ)),  dL/dup = dL/dy gate σ */
const swigluGradient = defineOp<Inputs & { dy: tf.Tensor }, object, Inputs>('SwiGLUGradient', {
  shapes: { dy: '...', gate: '...', up: '...' },
  outputs: ['gate', 'up'],
  reference: ({ dy, gate, up }) =>
    tf.tidy(() => {
      const share = gate.sigmoid();
      const slope = share.mul(gate.mul(tf.sub(1, share)).add(1));
      return { gate: dy.mul(up).mul(slope), up: dy.mul(gate).mul(share) };
    }),
  native: ({ dy, gate, up }) => runNativeOpOf(['gate', 'up'], 'LoraSwiGLUGradient', [dy, gate, up]),
  webgpu: swigluGradientWebGpu,
});
