import type * as tf from '@tensorflow/tfjs';
import { runOverElements, runOverRows, type WebGpuBackend } from '../../../tensor/op';
import type { CrossEntropyRowsInputs } from './cross-entropy-rows';

/** Vocabularies are wide and rows are few: all the threads that a group may have anywhere. */
const LANES = 256;

/** In three dispatches: of each row the largest logit and Σ exp, then losses, then gradient. */
export const crossEntropyRowsWebGpu: tf.KernelFunc = ({ inputs, backend }) => {
  const { logits, labels, shares } = inputs as CrossEntropyRowsInputs;
  const statistics = statisticsOf(backend, logits);
  const given = { logits, labels, shares, statistics };
  const losses = lossesOf(backend, given);
  const gradient = gradientOf(backend, given);
  (backend as unknown as WebGpuBackend).disposeData(statistics.dataId);
  return [losses, gradient];
};

/** [m, 2] */
function statisticsOf(backend: unknown, logits: tf.Tensor2D): tf.TensorInfo {
  const [m] = logits.shape;
  return runOverRows(backend, {
    name: 'cross_entropy_statistics',
    inputs: { logits },
    outputShape: [m, 2],
    ...{ rows: m, lanes: LANES },
    body: `
        let first = row * uniforms.logitsShape.y;
        let end = select(0, uniforms.logitsShape.y, isRow);
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

/** [m] */
function lossesOf(backend: unknown, given: Given): tf.TensorInfo {
  const m = given.labels.shape[0] as number;
  return runOverElements(backend, {
    name: 'cross_entropy_losses',
    inputs: given,
    outputShape: [m],
    body: `
        let z = logits[index * uniforms.logitsShape.y + labels[index]];
        let loss = log(statistics[2 * index + 1]) - (z - statistics[2 * index]);
        result[index] = shares[index] * loss;`,
  });
}

/** [m, v] */
function gradientOf(backend: unknown, given: Given): tf.TensorInfo {
  return runOverElements(backend, {
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
