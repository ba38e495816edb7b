import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { freshSeed } from '../../../tests/fresh';
import { memory, peakBytes, Random, read, useAccelerator } from '../runtime';
import { checkpoint, Dropout, Linear, Module } from '.';

const WIDTH = 6;

/** y = x + W₂ dropout(tanh(W₁ x) ⊙ mask), where W₂ may be another block's too. */
class Block extends Module {
  readonly dropout: Dropout;
  runs = 0;

  constructor(
    readonly first: Linear,
    readonly second: Linear,
    p = 0.3,
  ) {
    super();
    this.addChild('first', first);
    this.borrow('second', second);
    this.dropout = this.addChild('dropout', new Dropout(p));
  }

  forward(x: tf.Tensor): tf.Tensor {
    return this.extend(x, { mask: null });
  }

  extend(x: tf.Tensor, { mask }: { mask: tf.Tensor | null }): tf.Tensor {
    this.runs += 1;
    return tf.tidy(() => {
      const inner = this.first.forward(x).tanh();
      return x.add(this.second.forward(this.dropout.forward(mask ? inner.mul(mask) : inner)));
    });
  }
}

/** Makes blocks that share their second layer, and x and a mask for them. */
function setUp(seed: number, { count = 3, rows = 4, p = 0.3 } = {}) {
  const sizes = { inFeatures: WIDTH, outFeatures: WIDTH };
  const shared = new Linear({ ...sizes, seed });
  const blocks = Array.from(
    { length: count },
    (_, i) => new Block(new Linear({ ...sizes, seed: seed + 1 + i }), shared, p),
  );
  const random = new Random(seed);
  return { shared, blocks, x: random.normal([rows, WIDTH], 0, 1), random };
}

type Case = ReturnType<typeof setUp>;

/** How a block is run. */
type Run = (block: Block, x: tf.Tensor, place: { mask: tf.Tensor | null }) => tf.Tensor;

const alone: Run = (block, x, place) => block.extend(x, place);
const checkpointed: Run = (block, x, place) =>
  checkpoint(block, (x, place) => block.extend(x, place), x, place);

/** Computes a loss, its gradients by x and by all trainable parameters, and the next random number. */
async function measure({ blocks, shared, x }: Case, seed: number, run: Run) {
  const random = new Random(seed);
  for (const block of blocks) block.setTraining(random);
  const parameters = [shared, ...blocks].flatMap((one) => [...one.namedParameters().values()]);
  const inputs = [x, ...new Set(parameters.filter(({ trainable }) => trainable))];
  const { value, grads } = tf.tidy(() =>
    tf.engine().gradients(() => lossOf(blocks, x, run), inputs),
  );
  for (const block of blocks) block.setTraining(null);
  try {
    const gradients = await Promise.all(grads.map(read));
    return { loss: await read(value), gradients, next: random.key() };
  } finally {
    tf.dispose([value, grads]);
  }
}

/** Runs blocks on a mask that is freed before the backward pass. */
function lossOf(blocks: Block[], x: tf.Tensor, run: Run): tf.Scalar {
  return tf.tidy(() => {
    const mask = tf.range(1, WIDTH + 1).div(WIDTH);
    let y = x;
    for (const block of blocks) y = run(block, y, { mask });
    return y.square().mean<tf.Scalar>();
  });
}

const runsOf = (blocks: Block[]) => blocks.map(({ runs }) => runs);

describe('checkpoint', () => {
  before(useAccelerator);

  for (const p of [0, 0.4]) {
    const seed = freshSeed();
    test(`gives loss, gradients and the next random number to the bit, with dropout ${p} (seed ${seed})`, async () => {
      const one = setUp(seed, { p });
      const expected = await measure(one, seed, alone);
      const before = memory();
      assert.deepEqual(await measure(one, seed, checkpointed), expected);
      assert.deepEqual(memory(), before);
      assert.deepEqual(runsOf(one.blocks), [3, 3, 3]); // alone, checkpointed, again in the backward pass
      assert.ok(expected.gradients.every((values) => values.some((value) => value !== 0)));
    });
  }

  test('takes nested checkpoints', async () => {
    const seed = freshSeed();
    const one = setUp(seed);
    const expected = await measure(one, seed, alone);
    const nested: Run = (block, x, place) =>
      checkpoint(block, (x, place) => checkpointed(block, x, place), x, place);
    const before = memory();
    assert.deepEqual(await measure(one, seed, nested), expected);
    assert.deepEqual(memory(), before);
  });

  test('computes no block again below the first trainable parameter', () => {
    const { blocks, shared, x } = setUp(freshSeed());
    const last = blocks[2] as Block;
    for (const one of [shared, ...blocks]) {
      for (const parameter of one.namedParameters().values()) parameter.trainable = false;
    }
    last.first.weight.trainable = true;
    const loss = () => lossOf(blocks, x, checkpointed);
    tf.dispose(tf.variableGrads(loss, [last.first.weight]));
    assert.deepEqual(runsOf(blocks), [1, 1, 2]);
  });

  test('is f alone without a tape', () => {
    const one = setUp(freshSeed());
    const before = memory().tensors;
    lossOf(one.blocks, one.x, checkpointed).dispose();
    assert.deepEqual(runsOf(one.blocks), [1, 1, 1]);
    assert.equal(memory().tensors, before);
  });

  test('gives zeros for a parameter that f does not use', async () => {
    const { blocks, x } = setUp(freshSeed());
    const [block] = blocks as [Block];
    const [used, unused] = [block.first.weight, block.second.weight];
    const run = () => checkpoint(block, (x) => block.first.forward(x), x, null).sum<tf.Scalar>();
    const { value, grads } = tf.variableGrads(run, [unused, used]);
    const valuesOf = ({ name }: tf.Variable) => read(grads[name] as tf.Tensor);
    const [zeros, others] = [await valuesOf(unused), await valuesOf(used)];
    tf.dispose([value, grads]);
    assert.ok(zeros.every((one) => one === 0));
    assert.ok(others.every((one) => one !== 0));
  });

  test('an error in the second run leaves the tape of the first, and frees its own', async () => {
    const seed = freshSeed();
    const one = setUp(seed);
    const { state } = tf.engine();
    const expected = await measure(one, seed, checkpointed);
    const before = memory();
    const failing: Run = (block, x, place) => {
      let runs = 0;
      const f = (x: tf.Tensor, place: { mask: tf.Tensor | null }) => {
        runs += 1;
        const y = block.extend(x, place);
        if (runs === 2 && block === one.blocks[1]) throw new Error('half-way');
        return y;
      };
      return checkpoint(block, f, x, place);
    };
    await assert.rejects(measure(one, seed, failing), /half-way/);
    // The outer tape is the caller's to free, as after any error.
    assert.equal(state.activeTape?.filter(({ kernelName }) => kernelName === 'Mean').length, 1);
    for (const { saved } of state.activeTape) tf.dispose(saved ?? []);
    state.activeTape = [];
    assert.deepEqual(memory(), before);
    assert.deepEqual(await measure(one, seed, checkpointed), expected);
  });

  test('holds two tensors for each block: its input and its gradient', async () => {
    const rows = 512;
    const peakOf = async (count: number, run: Run) => {
      const seed = freshSeed();
      const one = setUp(seed, { count, rows });
      const { peakBytes: peak } = await peakBytes(() => measure(one, seed, run));
      return peak / (4 * rows * WIDTH);
    };
    const growth = async (run: Run) => {
      const [few, many] = [await peakOf(4, run), await peakOf(12, run)];
      return (many - few) / 8;
    };
    const [most, least] = [await growth(alone), await growth(checkpointed)];
    assert.ok(least < 2.5, `${least} tensors of x's size for each block`);
    assert.ok(most > 3 * least, `${most} without checkpoints, ${least} with`);
  });
});
