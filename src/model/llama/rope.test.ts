import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { FIXTURES } from '../../../tests/fixture';
import { memory, read, useAccelerator } from '../../tensor/runtime';
import { ConfigReader } from '../transformer';
import { readRope } from './read-rope';
import { frequencies, type Rope } from './rope';
import { rotations } from './rotations';

before(useAccelerator);

/** A rope of `fixtures/llama_tiny.py`, and what transformers makes of it in float32. */
interface Row {
  size: number;
  length: number;
  config: { max_position_embeddings: number; rope_parameters: { rope_type: string } };
  frequencies: number[];
  scale: number;
}

const file = path.join(FIXTURES, 'llama_tiny', 'ropes.json');
const rows = JSON.parse(readFileSync(file, 'utf8')) as Row[];

describe('frequencies are those of transformers', () => {
  for (const [i, row] of rows.entries()) {
    const { rope_type: type, ...others } = row.config.rope_parameters;
    test(`${i}: ${type}, ${JSON.stringify(others)}, ${row.length} positions`, () => {
      const rope = ropeOf(row.config);
      assert.equal(rope.type, type);
      const got = frequencies(rope, row.size, row.length);
      // Each of them, for they differ by powers of ten.
      for (const [pair, want] of row.frequencies.entries()) {
        assertClose([got[pair] ?? NaN], [want], 1e-6, `pair ${pair}`);
      }
      assert.equal(got.length, row.frequencies.length);
      assertClose([rope.type === 'yarn' ? rope.scale : 1], [row.scale], 1e-12, 'scale');
    });
  }
});

describe('rotations', () => {
  const rope: Rope = { type: 'default', theta: 300 };
  const angle = (position: number, i: number) => position * 300 ** (-i / 3);

  test('are cos and sin of position · θ^(-2i/size)', async () => {
    const { cos, sin } = rotations(rope, 6, { start: 4, end: 900, starts: null });
    assert.deepEqual(cos.shape, [896, 3]);
    const want = (f: (x: number) => number) =>
      Array.from({ length: 896 * 3 }, (_, k) => f(angle(4 + Math.floor(k / 3), k % 3)));
    assertClose(await read(cos), want(Math.cos), 1e-4, 'cos');
    assertClose(await read(sin), want(Math.sin), 1e-4, 'sin');
  });

  test('number each text from 0 after its padding, and are scaled by yarn', async () => {
    const yarn: Rope = {
      ...{ type: 'yarn', theta: 300, factor: 1, fast: 32, slow: 1 },
      ...{ truncate: true, original: 8, scale: 1.5 },
    };
    const padding = tf.tensor1d([0, 2], 'int32');
    const start = memory().tensors;
    const { cos, sin } = rotations(yarn, 6, { start: 1, end: 5, starts: padding });
    assert.equal(memory().tensors, start + 2);
    assert.deepEqual(cos.shape, [2, 4, 3]);
    const positions = [1, 2, 3, 4, 0, 0, 1, 2];
    const want = (f: (x: number) => number) =>
      positions.flatMap((position) => [0, 1, 2].map((i) => 1.5 * f(angle(position, i))));
    assertClose(await read(cos), want(Math.cos), 1e-6, 'cos');
    assertClose(await read(sin), want(Math.sin), 1e-6, 'sin');
  });
});

function ropeOf(config: Record<string, unknown>): Rope {
  const keys = new ConfigReader(config);
  const rope = readRope(keys);
  keys.assertGood('test', 'config.json');
  return rope;
}
