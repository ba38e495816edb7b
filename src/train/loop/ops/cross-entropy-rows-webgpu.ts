import type * as tf from '@tensorflow/tfjs';
import { runOverElements, runOverRows, webGpuBackend } from '../../../tensor/op';

/** Largest workgroup that every device allows: vocabularies are wide and rows are few. */
const LANES = 256;

/** Runs three dispatches: the largest logit and Σ exp of each row, the losses, the gradient. */
export function crossEntropyRowsWebGpu(
  inputs: Record<'logits' | 'labels' | 'shares', tf.TensorInfo>,
): Record<'losses' | 'dLogits', tf.TensorInfo> {
  const statistics = statisticsOf(inputs.logits);
  const given = { ...inputs, statistics };
  const [losses, dLogits] = [lossesOf(given), gradientOf(given)];
  webGpuBackend().disposeData(statistics.dataId);
  return { losses, dLogits };
}

/** Computes the largest logit and Σ exp of each row, [m, 2]. */
function statisticsOf(logits: tf.TensorInfo): tf.TensorInfo {
  const m = logits.shape[0] as number;
  return runOverRows({
    name: 'cross_entropy_statistics',
    inputs: { logits },
    rowsOf: logits,
    outputShape: [m, 2],
    lanes: LANES,
    body: `
        var largest = -3.4e38;
        for (var j = lane; j < end; j = j + ${LANES}) { largest = max(largest, logits[first + j]); }
        largest = maxOfLanes(lane, largest);
        var sum = 0.0;
        for (var j = lane; j < end; j = j + ${LANES}) { sum = sum + exp(logits[first + j] - largest); }
        sum = sumOfLanes(lane, sum);
        if (isRow && lane == 0) {
          result[2 * row] = largest;
          result[2 * row + 1] = sum;
        }`,
  });
}

type Given = Record<'logits' | 'labels' | 'shares' | 'statistics', tf.TensorInfo>;

/** Computes the losses [m]. */
function lossesOf(given: Given): tf.TensorInfo {
  const m = given.labels.shape[0] as number;
  return runOverElements({
    name: 'cross_entropy_losses',
    inputs: given,
    outputShape: [m],
    body: `
        let z = logits[index * uniforms.logitsShape.y + labels[index]];
        let loss = log(statistics[2 * index + 1]) - (z - statistics[2 * index]);
        result[index] = shares[index] * loss;`,
  });
}

/** Computes the gradient [m, v]. */
function gradientOf(given: Given): tf.TensorInfo {
  return runOverElements({
    name: 'cross_entropy_gradient',
    inputs: given,
    outputShape: given.logits.shape,
    body: `
        let row = index / uniforms.logitsShape.y;
        let softmax = exp(logits[index] - statistics[2 * row]) / statistics[2 * row + 1];
        let chosen = index - row * uniforms.logitsShape.y == labels[row];
        result[index] = shares[row] * (softmax - select(0.0, 1.0, chosen));`,
  });
}
