import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { ArgumentError, DisposedError, NonFiniteError } from '../errors';
import { Linear, Module } from '../nn';
import { memory, read, useAccelerator } from '../runtime';
import { quantizeModel } from './quantize-model';
import { QuantizedLinear } from './quantized-linear';

const SIZE = 256;
const COUNT = 4;

/** Layers one after another, below a child of their own. */
class Stack extends Module {
  constructor(count = COUNT) {
    super();
    this.addChild('h', new Layers(count));
  }

  forward(x: tf.Tensor): tf.Tensor {
    return this.child('h').forward(x);
  }
}

class Layers extends Module {
  constructor(private readonly count: number) {
    super();
    for (let seed = 0; seed < count; seed++) {
      this.addChild(`${seed}.fc`, new Linear({ inFeatures: SIZE, outFeatures: SIZE, seed }));
    }
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      let h = x;
      for (let i = 0; i < this.count; i++) h = this.child(`${i}.fc`).forward(h);
      return h;
    });
  }
}

function linearsOf(model: Module): Linear[] {
  return [...model.namedModules().values()].filter(
    (module): module is Linear => module instanceof Linear,
  );
}

before(useAccelerator);

describe('quantizeModel', () => {
  const full = 4 * SIZE * SIZE;
  // Codes; a byte for each 64 of them; a float32 for each 256 of those; their offset.
  const packed = SIZE ** 2 / 2 + SIZE ** 2 / 64 + SIZE ** 2 / 64 / 64 + 4;
  const bias = 4 * SIZE;

  test('replaces one layer after another, and frees each', async () => {
    const nothing = memory();
    const model = new Stack();
    const start = memory().bytes;
    // As a layer is freed, its packed one is there already: the most there ever is.
    const peaks: number[] = [];
    for (const linear of linearsOf(model)) {
      const dispose = linear.dispose.bind(linear);
      linear.dispose = () => {
        peaks.push(memory().bytes);
        dispose();
      };
    }
    const { layers, weights, bytes } = await quantizeModel(model, { doubleQuantize: true });
    assert.deepEqual(
      peaks.slice(0, COUNT),
      Array.from({ length: COUNT }, (_, i) => start - i * (full - packed) + packed + bias),
    );
    assert.equal(memory().bytes, start - COUNT * (full - packed));
    assert.deepEqual(layers, ['h.0.fc', 'h.1.fc', 'h.2.fc', 'h.3.fc']);
    assert.equal(weights, COUNT * SIZE * SIZE);
    assert.equal(bytes, COUNT * packed);
    assert.equal(((8 * bytes) / weights).toFixed(3), '4.127');
    model.dispose();
    assert.deepEqual(memory(), nothing);
  });

  test('computes nearly what the model did', async () => {
    const model = new Stack(1);
    const x = tf.ones([1, SIZE]);
    const want = await output(model, x);
    await quantizeModel(model);
    const got = await output(model, x);
    const size = Math.hypot(...want);
    const error = Math.hypot(...want.map((value, i) => value - (got[i] ?? NaN))) / size;
    assert.ok(error > 0 && error < 0.2, `relative error ${error}`);
    assert.ok(model.namedModules().get('h.0.fc') instanceof QuantizedLinear);
    x.dispose();
    model.dispose();
  });

  test('refuses what it cannot do before it changes anything', async () => {
    const model = new Stack(2);
    await assert.rejects(quantizeModel(model, { blockSize: 3 }), ArgumentError);
    const last = linearsOf(model).at(-1);
    last?.weight.assign(tf.fill([SIZE, SIZE], NaN));
    await assert.rejects(quantizeModel(model), {
      name: NonFiniteError.name,
      message: /every number of h\.1\.fc must be finite, got 65536 of 65536/,
    });
    assert.equal(linearsOf(model).length, 2);
    model.dispose();
    await assert.rejects(quantizeModel(model), DisposedError);
    const layer = new Linear({ inFeatures: 2, outFeatures: 2 });
    await assert.rejects(quantizeModel(layer), ArgumentError);
    layer.dispose();
  });
});

async function output(model: Module, x: tf.Tensor): Promise<Float32Array> {
  const h = model.forward(x);
  const values = await read(h);
  h.dispose();
  return values;
}
