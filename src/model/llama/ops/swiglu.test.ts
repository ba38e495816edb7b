import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { compareOp } from '../../../../tests/compare-op';
import { freshSeed } from '../../../../tests/fresh';
import { Random, useAccelerator } from '../../../tensor/runtime';
import { swiglu } from './swiglu';

before(useAccelerator);

describe('SwiGLU and its gradients equal loops in float64', () => {
  for (const shape of [[1], [7], [4, 1], [2, 3, 5], [3, 64], [70, 33], [5, 40, 100]]) {
    const seed = freshSeed();
    test(`of [${shape.join(', ')}], seed ${seed}`, () => {
      const random = new Random(seed);
      return compare(() => ({
        gate: random.normal(shape, 0, 4),
        up: random.normal(shape, 0, 1),
        dy: random.normal(shape, 0.5, 1),
      }));
    });
  }

  test('for gates so large that their exponential is not finite', () => {
    const gates = [0, 30, -30, 90, -90, 1e4, -1e4];
    const ones = gates.map((_, i) => 1 + 0.1 * i);
    return compare(() => ({
      gate: tf.tensor1d(gates),
      up: tf.tensor1d(ones),
      dy: tf.tensor1d(ones),
    }));
  });
});

type Name = 'gate' | 'up' | 'dy';

function compare(draw: () => Record<Name, tf.Tensor>): Promise<void> {
  return compareOp({
    draw,
    op: ({ gate, up }) => swiglu({ gate, up }),
    reference,
    tolerance: 1e-5,
  });
}

function reference({ gate, up, dy }: Record<Name, Float32Array>) {
  const all = Array.from(gate, (g, i) => {
    const [u, d] = [up[i] as number, dy[i] as number];
    const share = 1 / (1 + Math.exp(-g));
    // σ' = σ (1 - σ), of which 1 - σ is σ(-g)
    const slope = share + (share === 0 ? 0 : (g * share) / (1 + Math.exp(g)));
    return [g * share * u, d * u * slope, d * g * share];
  });
  const column = (k: number) => all.map((row) => row[k] as number);
  return { y: column(0), gate: column(1), up: column(2) };
}
