import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../../tests/close';
import { alive, freshSeed, poison } from '../../../../tests/fresh';
import { matrix } from '../../../../tests/matrix';
import { Random, read, useAccelerator } from '../../runtime';
import { runOverRows } from './run-over-rows';
import { SUBGROUPS, webGpuBackend } from './webgpu-backend';

before(useAccelerator);

type Sizes = [rows: number, width: number, lanes: number];

const SIZES: Sizes[] = [
  [1, 1, 2],
  [3, 70, 64],
  [9, 257, 256],
  [70_000, 3, 16], // more groups than one axis of a dispatch has
];

const skip = process.env.LORA_BACKEND === 'webgpu' ? false : 'needs webgpu, which runs shaders';

describe('runOverRows joins the lanes of each row, with subgroups and without', () => {
  for (const hasSubgroups of [true, false]) {
    for (const sizes of SIZES) {
      const seed = freshSeed();
      const title = `${sizes.join(', ')}, ${hasSubgroups ? 'with' : 'without'}, seed ${seed}`;
      test(title, { skip }, async (t) => {
        const { features } = webGpuBackend().device;
        if (hasSubgroups && !features.has(SUBGROUPS)) return t.skip('no subgroups here');
        await compare(hasSubgroups, sizes, seed);
      });
    }
  }
});

async function compare(
  subgroups: boolean,
  [rows, width, lanes]: Sizes,
  seed: number,
): Promise<void> {
  const start = alive();
  const x = new Random(seed).normal<tf.Rank.R2>([rows, width], 0, 1);
  await poison([rows, 3]);
  const joined = joinRows(subgroups, x, lanes);
  const want = (await matrix(x)).map((row) => [
    row.reduce((sum, value) => sum + value, 0),
    Math.max(...row),
    Math.min(...row),
  ]);
  assertClose(await read(joined), want.flat(), 1e-5);
  tf.dispose([x, joined]);
  assert.deepEqual(alive(), start);
}

/** [rows, 3]: the sum of each row, its largest number and its smallest. */
function joinRows(subgroups: boolean, x: tf.Tensor2D, lanes: number): tf.Tensor {
  const output = runOverRows({
    subgroups,
    name: `join_rows_${lanes}`,
    inputs: { x },
    rowsOf: x,
    outputShape: [x.shape[0], 3],
    lanes,
    body: `
        var sum = 0.0;
        var largest = -3.4e38;
        var lowest = -3.4e38;
        for (var j = lane; j < end; j = j + ${lanes}) {
          sum = sum + x[first + j];
          largest = max(largest, x[first + j]);
          lowest = max(lowest, -x[first + j]);
        }
        sum = sumOfLanes(lane, sum);
        largest = maxOfLanes(lane, largest);
        lowest = maxOfLanes(lane, lowest);
        if (isRow && lane == ${lanes / 2}) { // any lane has the results
          result[3 * row] = sum;
          result[3 * row + 1] = largest;
          result[3 * row + 2] = -lowest;
        }`,
  });
  return tf.engine().makeTensorFromTensorInfo(output);
}
