import * as tf from '@tensorflow/tfjs';
import { ArgumentError } from '../../tensor/errors';

/** Computes ‖g‖ = √Σ gᵢ² over all tensors, a scalar on the device, owned by the caller. */
export function globalNorm(gradients: tf.NamedTensorMap): tf.Scalar {
  return tf.tidy(() => {
    const squares = Object.values(gradients).map((gradient) => gradient.square().sum());
    return tf.stack(squares).sum<tf.Scalar>().sqrt();
  });
}

/**
 * Clips gradients: g ← g · min(1, c / (‖g‖ + 1e-6)). The norm is over all tensors, before clipping.
 * (PyTorch's `clip_grad_norm_`; Pascanu et al. 2013, algorithm 1)
 *
 * Nothing is read from the device. New tensors, owned by the caller.
 * @throws ArgumentError if maxNorm is not a positive number
 */
export function clipByGlobalNorm(
  gradients: tf.NamedTensorMap,
  maxNorm: number,
): { gradients: tf.NamedTensorMap; norm: tf.Scalar } {
  assertMaxNorm('clipByGlobalNorm', maxNorm);
  return tf.tidy(() => {
    const norm = globalNorm(gradients);
    const factor = tf.minimum(1, tf.div(maxNorm, norm.add(1e-6)));
    const clipped = Object.entries(gradients).map(([name, gradient]) => [
      name,
      gradient.mul(factor),
    ]);
    return { gradients: Object.fromEntries(clipped) as tf.NamedTensorMap, norm };
  });
}

/** @throws ArgumentError if the largest norm is not a positive number */
export function assertMaxNorm(caller: string, maxNorm: number): void {
  if (Number.isFinite(maxNorm) && maxNorm > 0) return;
  throw new ArgumentError(
    `${caller}: the largest gradient norm must be a positive number, got ${maxNorm}.`,
  );
}
