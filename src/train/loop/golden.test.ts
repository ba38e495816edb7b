import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { FIXTURES, decodeFloat32, decodeFloat64 } from '../../../tests/fixture';
import { applyLoraToLinear, freezeBaseModel } from '../../lora';
import { Linear, Module } from '../../tensor/nn';
import { read, useAccelerator } from '../../tensor/runtime';
import {
  loraPlus,
  adamW,
  cosineDecay,
  warmUp,
  sparseCrossEntropy,
  train,
  type TrainingStep,
} from '.';

interface EncodedArray {
  shape: number[];
  data: string;
}

interface CrossEntropyCase {
  logits: EncodedArray;
  labels: number[];
  weights?: EncodedArray;
  loss: number;
  dlogits: EncodedArray;
}

interface Run {
  start: Record<string, EncodedArray>;
  maxGradientNorm: number;
  results: Record<'loss' | 'gradientNorm' | 'learningRate', EncodedArray>;
  final: Record<string, EncodedArray>;
}

interface AdamWFixture {
  steps: number;
  warmUp: number;
  accumulate: number;
  r: number;
  alpha: number;
  ratio: number;
  learningRate: number;
  weightDecay: number;
  inputs: EncodedArray;
  targets: EncodedArray;
  full: Run;
  lora: Run;
}

function fixture<T>(name: string): T {
  const file = path.join(FIXTURES, `${name}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

function tensor<R extends tf.Rank>(array: EncodedArray): tf.Tensor<R> {
  return tf.tensor<R>(decodeFloat32(array), array.shape as tf.ShapeMap[R]);
}

describe('sparseCrossEntropy, PyTorch, float64', () => {
  before(useAccelerator);

  for (const golden of fixture<{ cases: CrossEntropyCase[] }>('sparse_cross_entropy').cases) {
    const { labels, weights, logits } = golden;
    const ignored = labels.filter((label) => label < 0).length;
    const largest = decodeFloat32(logits).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const shape = `[${logits.shape.join(', ')}], ${ignored} ignored${weights ? ', weighted' : ''}`;

    test(`logits ${shape}, up to ${largest.toFixed(0)}`, async () => {
      const loss = (z: tf.Tensor) =>
        sparseCrossEntropy(z, labels, weights && decodeFloat32(weights));
      const { value, grad } = tf.valueAndGrad(loss)(tensor(logits));
      assertClose(await read(value), [golden.loss], 1e-6, 'loss');
      assert.deepEqual(grad.shape, logits.shape);
      assertClose(await read(grad), decodeFloat64(golden.dlogits), 2e-6, 'dlogits');
    });
  }
});

/** The network of the fixture. */
class Network extends Module {
  constructor(start: Record<string, EncodedArray>, at: string) {
    super();
    for (const name of ['first', 'second']) {
      const weight = tensor<tf.Rank.R2>(start[`${name}${at}.weight`] as EncodedArray);
      const bias = tensor<tf.Rank.R1>(start[`${name}${at}.bias`] as EncodedArray);
      this.addChild(name, new Linear({ weight, bias }));
    }
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.child('second').forward(this.child('first').forward(x).tanh()));
  }
}

describe('train, PyTorch and PEFT, float64', () => {
  const golden = fixture<AdamWFixture>('adamw');
  const { learningRate, weightDecay } = golden;

  before(useAccelerator);

  function* batches() {
    const [count = 0, rows = 0, k = 0] = golden.inputs.shape;
    const d = golden.targets.shape[2] ?? 0;
    const [inputs, targets] = [decodeFloat32(golden.inputs), decodeFloat32(golden.targets)];
    for (let i = 0; i < count; i++) {
      yield {
        x: { rows, width: k, values: inputs.subarray(i * rows * k, (i + 1) * rows * k) },
        y: { rows, width: d, values: targets.subarray(i * rows * d, (i + 1) * rows * d) },
      };
    }
  }

  async function follow(run: Run, module: Module, optimizer: ReturnType<typeof adamW>) {
    const { steps, accumulate } = golden;
    type Batch = ReturnType<typeof batches> extends Generator<infer B> ? B : never;
    const toTensor = ({ rows, width, values }: Batch['x']) => tf.tensor2d(values, [rows, width]);
    const loss = ({ x, y }: Batch) =>
      module.forward(toTensor(x)).sub(toTensor(y)).square().mean<tf.Scalar>();
    const schedule = warmUp(golden.warmUp, cosineDecay(steps - golden.warmUp));
    const { maxGradientNorm } = run;
    const done: TrainingStep[] = [];
    for await (const step of train({
      module,
      loss,
      batches: batches(),
      optimizer,
      schedule,
      steps,
      accumulate,
      maxGradientNorm,
    })) {
      done.push(step);
    }
    assert.equal(done.length, steps);
    for (const [name, encoded] of Object.entries(run.results)) {
      const want = decodeFloat64(encoded);
      for (const [i, step] of done.entries()) {
        const got = step[name as keyof Run['results']];
        assertClose([got], [want[i] ?? NaN], 1e-4, `${name} of step ${i + 1}`);
      }
    }
    for (const [name, want] of Object.entries(run.final)) {
      const got = module.namedParameters().get(name) as tf.Variable;
      assertClose(await read(got), decodeFloat64(want), 1e-4, name);
    }
  }

  test('all weights, decay on the matrices only', async () => {
    const network = new Network(golden.full.start, '');
    const decays = (name: string) => name.endsWith('weight');
    await follow(golden.full, network, adamW({ learningRate, weightDecay, decays }));
  });

  test('an adapter on each layer, LoRA+: losses agree and the base stays bit for bit', async () => {
    const { start } = golden.lora;
    const network = new Network(start, '.base');
    freezeBaseModel(network);
    for (const name of ['first', 'second']) {
      const linear = network.namedModules().get(name) as Linear;
      const layer = applyLoraToLinear(linear, { r: golden.r, alpha: golden.alpha });
      layer.lora.A.assign(tensor(start[`${name}.lora.A`] as EncodedArray));
      network.replaceModule(name, layer);
    }
    const ratio = loraPlus(golden.ratio);
    await follow(golden.lora, network, adamW({ learningRate, weightDecay, ratio }));
    for (const [name, parameter] of network.namedParameters()) {
      if (!name.includes('.base.')) continue;
      assert.deepEqual(await read(parameter), decodeFloat32(start[name] as EncodedArray), name);
    }
  });
});
