import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../tests/close';
import {
  decodeFloat32,
  decodeFloat64,
  type LoraLinearCase,
  loraLinearCases,
} from '../../tests/fixture';
import { Linear } from '../tensor/nn';
import { read, useAccelerator } from '../tensor/runtime';
import { LoRALayer } from './lora-layer';
import { applyLoraToLinear } from './lora-linear';
import { mergeLoraWeights, unmergeLoraWeights } from './merge';
import { loraLinear } from './ops/lora-linear';

const TOLERANCE = 1e-5;

/** An input of a case as a tensor. */
function input<R extends tf.Rank>(golden: LoraLinearCase, name: string): tf.Tensor<R> | null {
  const array = golden.inputs[name];
  return array ? tf.tensor(decodeFloat32(array), array.shape as tf.ShapeMap[R]) : null;
}

function tensors(golden: LoraLinearCase) {
  const required = <R extends tf.Rank>(name: string) => input<R>(golden, name) as tf.Tensor<R>;
  return {
    x: required('x'),
    dh: required('dh'),
    w0: required<tf.Rank.R2>('w0'),
    A: required<tf.Rank.R2>('A'),
    B: required<tf.Rank.R2>('B'),
    bias: input<tf.Rank.R1>(golden, 'bias'),
    scaling: golden.alpha / golden.r,
  };
}

const sizeOf = ({ r, alpha }: LoraLinearCase) => ({ r, alpha });

function layerOf(golden: LoraLinearCase) {
  const { w0, A, B, bias } = tensors(golden);
  const layer = applyLoraToLinear(new Linear({ weight: w0, bias }), sizeOf(golden));
  layer.lora.A.assign(A);
  layer.lora.B.assign(B);
  return layer;
}

async function assertGolden(golden: LoraLinearCase, name: string, got: tf.Tensor) {
  const want = golden.results[name];
  if (!want) throw new Error(`the fixture has no ${name}`);
  tf.util.assertShapesMatch(got.shape, want.shape, `${name}: `);
  assertClose(await read(got), decodeFloat64(want), TOLERANCE, name);
}

describe('PyTorch and PEFT, float64', () => {
  before(useAccelerator);

  for (const golden of loraLinearCases()) {
    const { inputs, r, alpha } = golden;
    const shape = `x [${inputs.x?.shape.join(', ')}], W0 [${inputs.w0?.shape.join(', ')}], r ${r}, alpha ${alpha}`;

    test(`forward, ${shape}`, async () => {
      const layer = layerOf(golden);
      const { x } = tensors(golden);
      await assertGolden(golden, 'h', layer.forward(x));
      const composed = layer.base.forward(x).add(layer.lora.forward(x));
      await assertGolden(golden, 'h', composed);
    });

    test(`gradients, ${shape}`, async () => {
      const { x, w0, A, B, bias, dh, scaling } = tensors(golden);
      const inputsOfOp = bias ? [x, w0, A, B, bias] : [x, w0, A, B];
      const gradients = tf.grads((...args: tf.Tensor[]) => {
        const [x, w0, A, B, bias = null] = args as [
          tf.Tensor,
          tf.Tensor2D,
          tf.Tensor2D,
          tf.Tensor2D,
          tf.Tensor1D?,
        ];
        return loraLinear(x, w0, bias, A, B, scaling);
      })(inputsOfOp, dh);
      const names = ['dx', 'dw0', 'dA', 'dB', 'dbias'];
      for (const [i, gradient] of gradients.entries()) {
        await assertGolden(golden, names[i] as string, gradient);
      }
    });

    test(`gradients of base and adapter composed, ${shape}`, async () => {
      const { x, A, B, dh } = tensors(golden);
      const layer = new LoRALayer({
        inFeatures: A.shape[1],
        outFeatures: B.shape[0],
        r,
        alpha,
      });
      layer.A.assign(A);
      layer.B.assign(B);
      const loss = () => layer.forward(x).mul(dh).sum().asScalar();
      const { grads } = tf.variableGrads(loss, [layer.A, layer.B]);
      await assertGolden(golden, 'dA', grads[layer.A.name] as tf.Tensor);
      await assertGolden(golden, 'dB', grads[layer.B.name] as tf.Tensor);
    });

    test(`delta, merge and unmerge, ${shape}`, async () => {
      const layer = layerOf(golden);
      await assertGolden(golden, 'delta', layer.lora.deltaWeight());
      const merged = await mergeLoraWeights(layer);
      await assertGolden(golden, 'merged', merged.weight);
      await assertGolden(golden, 'h', merged.forward(tensors(golden).x));
      const unmerged = await unmergeLoraWeights(merged, layer.lora);
      assertClose(
        await read(unmerged.weight),
        await read((layer.base as Linear).weight),
        TOLERANCE,
      );
    });
  }
});
