import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { tolerance } from '../../../tests/llama-cases';
import { createModel, type LanguageModel } from '../../model';
import { Random, read, useAccelerator } from '../../tensor/runtime';
import { attendGrouped } from './grouped-heads.solution';
import { rmsNorm } from './rms-norm.solution';
import { rotaryAngles, rotateHalves } from './rotary.solution';
import { swiGlu } from './swiglu.solution';

type Matrix = tf.Tensor2D;

const [width, size, time, theta] = [24, 8, 7, 500];
let model: LanguageModel;

before(async () => {
  await useAccelerator();
  model = await createModel({
    model_type: 'llama',
    vocab_size: 9,
    max_position_embeddings: 16,
    hidden_size: width,
    intermediate_size: 20,
    num_hidden_layers: 1,
    num_attention_heads: 6,
    num_key_value_heads: 2,
    head_dim: size,
    rope_theta: theta,
    rms_norm_eps: 0.1,
    tie_word_embeddings: true,
  });
  // So large that attention chooses, and that no weight of a norm is 1.
  const random = new Random(1);
  for (const parameter of model.namedParameters().values()) {
    tf.tidy(() => parameter.assign(random.normal(parameter.shape, 0, 0.4)));
  }
});
after(() => model.dispose());

const part = (name: string) => {
  const found = model.namedModules().get(name);
  assert.ok(found, name);
  return found;
};
const weight = (name: string) => {
  const found = model.namedParameters().get(`${name}.weight`);
  assert.ok(found, name);
  return found as tf.Tensor;
};

/** Compares and frees. */
async function assertSame(a: tf.Tensor, b: tf.Tensor): Promise<void> {
  assert.deepEqual(a.shape, b.shape);
  assertClose(await read(a), await read(b), tolerance());
  tf.dispose([a, b]);
}

describe("the solutions give what the model's own parts give:", () => {
  const draw = (shape: number[]) => new Random(2).normal(shape, 0.5, 1);

  test('the norm', async () => {
    const x = draw([5, width]) as Matrix;
    const y = rmsNorm(x, weight('model.norm') as tf.Tensor1D, 0.1);
    await assertSame(y, part('model.norm').forward(x));
  });

  test('the MLP', async () => {
    const x = draw([5, width]) as Matrix;
    const [gate, up, down] = ['gate', 'up', 'down'].map(
      (name) => weight(`model.layers.0.mlp.${name}_proj`) as Matrix,
    ) as [Matrix, Matrix, Matrix];
    await assertSame(swiGlu(x, gate, up, down), part('model.layers.0.mlp').forward(x));
  });

  test('rotated heads that attend, at each position', async () => {
    const x = draw([1, time, width]);
    const own = part('model.layers.0.self_attn').forward(x); // [1, time, width]
    // On the host: a GPU's cos may be rough.
    const angles = Array.from({ length: time }, (_, p) => rotaryAngles(p, size, theta));
    const [cos, sin] = [Math.cos, Math.sin].map((f) =>
      tf.tensor2d(angles.map((row) => row.map(f))),
    ) as [Matrix, Matrix];
    const headsOf = (name: string) => {
      const heads = part(`model.layers.0.self_attn.${name}_proj`).forward(x);
      return tf.unstack(heads.reshape([time, -1, size]), 1) as Matrix[];
    };
    const rotated = (name: string) =>
      tf.stack(headsOf(name).map((head) => rotateHalves(head, cos, sin)));
    const mine = tf.tidy(() => {
      const [q, k, v] = [rotated('q'), rotated('k'), tf.stack(headsOf('v'))];
      const before = (all: tf.Tensor, end: number) =>
        all.slice([0, 0, 0], [all.shape[0], end + 1, size]) as tf.Tensor3D;
      const rows = (tf.unstack(q, 1) as Matrix[]).map((heads, p) =>
        attendGrouped(heads, before(k, p), before(v, p)).reshape([1, -1]),
      );
      const seen = tf.concat(rows, 0).reshape([1, time, -1]);
      return part('model.layers.0.self_attn.o_proj').forward(seen);
    });
    await assertSame(mine, own);
    tf.dispose([cos, sin]);
  });
});
