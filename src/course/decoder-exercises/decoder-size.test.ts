import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { testExercise } from '../../../tests/course/test-exercise';
import { llamaCase } from '../../../tests/llama-cases';
import { injectLora } from '../../lora';
import { countParameters } from '../../tensor/nn';
import { bytesOf, useAccelerator } from '../../tensor/runtime';
import { decoderSize } from './decoder-size';
import * as solution from './decoder-size.solution';

type Shape = Parameters<typeof solution.decoderSize>[0];
/** Answers with another number of trained parameters, or of bytes. */
const trained = (of: (shape: Shape, r: number) => number) => ({
  decoderSize: (shape: Shape, r: number, tokens: number) => ({
    ...solution.decoderSize(shape, r, tokens),
    trained: of(shape, r),
  }),
});
const cacheBytes = (of: (shape: Shape, tokens: number) => number) => ({
  decoderSize: (shape: Shape, r: number, tokens: number) => ({
    ...solution.decoderSize(shape, r, tokens),
    cacheBytes: of(shape, tokens),
  }),
});
const q = ({ heads, headDim }: Shape) => heads * headDim;
const kv = ({ kvHeads, headDim }: Shape) => kvHeads * headDim;
const right = (shape: Shape, r: number) => solution.decoderSize(shape, r, 1).trained;
const bytes = (shape: Shape, tokens: number) => solution.decoderSize(shape, 1, tokens).cacheBytes;

testExercise(decoderSize, solution, {
  'v_proj is taken as wide as q_proj': trained((s, r) => s.layers * r * 2 * (s.width + q(s))),
  'only q_proj is counted': trained((s, r) => s.layers * r * (s.width + q(s))),
  'only v_proj is counted': trained((s, r) => s.layers * r * (s.width + kv(s))),
  'k_proj is counted too': trained((s, r) => right(s, r) + s.layers * r * (s.width + kv(s))),
  'k_proj and o_proj are counted too': trained((s, r) => 2 * right(s, r)),
  'that is one layer: multiply by layers': trained((s, r) => right(s, r) / s.layers),
  'q_proj is taken as square': trained((s, r) => s.layers * r * (3 * s.width + kv(s))),
  'q_proj is taken as square: it has heads × headDim rows': trained(
    (s, r) => s.layers * r * (3 * s.width + (s.kvHeads * s.width) / s.heads),
  ),
  'q_proj is taken as square: it has': trained((s, r) => s.layers * r * 4 * s.width),
  'trained: a head is not width / heads in every model': trained(
    (s, r) => s.layers * r * (2 * s.width + q(s) + (s.kvHeads * s.width) / s.heads),
  ),
  'only A is counted': trained((s, r) => s.layers * r * 2 * s.width),
  'only B is counted': trained((s, r) => s.layers * r * (q(s) + kv(s))),
  'yours counts the frozen weights': trained((s) => s.layers * s.width * (q(s) + kv(s))),
  'yours counts the frozen weights: an adapter': trained(
    (s, r) => s.layers * r * s.width * (q(s) + kv(s)),
  ),
  'r is missing': trained((s) => right(s, 1)),
  'trained: headDim is missing': trained(
    (s, r) => s.layers * r * (2 * s.width + s.heads + s.kvHeads),
  ),
  'yours is in bytes: trained counts numbers': trained((s, r) => 4 * right(s, r)),
  'every head is given keys and values of its own': cacheBytes(
    (s, tokens) => (bytes(s, tokens) * s.heads) / s.kvHeads,
  ),
  'half of it: keys and values are both kept': cacheBytes((s, tokens) => bytes(s, tokens) / 2),
  'yours counts numbers': cacheBytes((s, tokens) => bytes(s, tokens) / 4),
  'yours is in bits': cacheBytes((s, tokens) => 8 * bytes(s, tokens)),
  'that is one layer: each has a cache of its own': cacheBytes(
    (s, tokens) => bytes(s, tokens) / s.layers,
  ),
  'the width is kept for each token': cacheBytes((s, tokens) => 8 * s.layers * s.width * tokens),
  'cacheBytes: headDim is missing': cacheBytes((s, tokens) => bytes(s, tokens) / s.headDim),
  'kvHeads is missing': cacheBytes((s, tokens) => bytes(s, tokens) / s.kvHeads),
  'tokens is missing': cacheBytes((s) => bytes(s, 1)),
  'tokens is squared': cacheBytes((s, tokens) => bytes(s, tokens) * tokens),
  'cacheBytes: a head is not width / heads in every model': cacheBytes(
    (s, tokens) => (bytes(s, tokens) * s.width) / s.heads / s.headDim,
  ),
  'the queries are kept too': cacheBytes(
    (s, tokens) => bytes(s, tokens) + 4 * s.layers * tokens * q(s),
  ),
  'multiplied by heads and kvHeads': cacheBytes((s, tokens) => bytes(s, tokens) * s.heads),
  'the result has no cacheBytes: it must be { trained, cacheBytes }': {
    decoderSize: (shape, r) => ({ trained: right(shape, r) }),
  },
  'the result must be an object { trained, cacheBytes }': {
    decoderSize: (...args) => Object.values(solution.decoderSize(...args)),
  },
});

test('the solution counts what injectLora trains, and the bytes that a model keeps', async () => {
  for (const name of ['llama', 'qwen3']) {
    const { model, rows } = await llamaCase(name);
    const { blocks, hiddenSize: width, ...sizes } = model.config;
    const shape = { ...sizes, layers: blocks.length, width };
    const { past, hidden } = model.extend(model.idsTensor(rows.slice(0, 1)));
    const time = rows[0]?.length ?? NaN;
    const { trained, cacheBytes } = solution.decoderSize(shape, 3, time);
    assert.equal(bytesOf(past.flatMap(({ k, v }) => [k, v])), cacheBytes);
    injectLora(model, { targetModules: ['q_proj', 'v_proj'], r: 3, alpha: 6 });
    assert.equal(countParameters(model).trainable, trained);
    tf.dispose([past, hidden]);
    model.dispose();
  }
});

before(useAccelerator);
