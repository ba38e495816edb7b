import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { readSafetensors } from '../../../files/safetensors';
import { type GPT2Config, readConfig, weightLayout } from '../../../model/gpt2';
import { readWeights } from '../../../model/transformer';
import { ArgumentError } from '../../../tensor/errors';
import { IGNORED } from '../../../train/loop';
import {
  CHECKED_TOKENS,
  type Job,
  linearJob,
  linearTensors,
  lossAndNorm,
  type MakeJob,
  rootMeanSquares,
  settle,
} from './job';
import { type TfjsAdapter, TfjsGPT2, tfjsLinear, type TfjsPast } from './tfjs-gpt2';
import { adapterFolder, ADAPTERS, ALPHA_OVER_R, type LinearWork, textOf, type Work } from './work';

/** The works done with the ops, gradients and optimiser of tfjs. */
export const makeTfjs: MakeJob = async (work, folder) => {
  switch (work.kind) {
    case 'linear':
      return linear(work);
    case 'step':
      return step(await load(folder, true), work);
    case 'forward':
      return forward(await load(folder, true), work);
    case 'mixed':
      return mixed(await load(folder, true), await loadOthers(folder), work);
    case 'generate':
      return generation(await load(folder, work.adapter), work);
    case 'product':
    case 'add':
      throw new ArgumentError(
        `bench: the work must be one of a model or a layer, got ${work.kind}.`,
      );
  }
};

interface Loaded {
  model: TfjsGPT2;
  config: GPT2Config;
  weights: Map<string, tf.Tensor>;
  /** A and B of every adapter */
  trainable: tf.Variable[];
  dispose: () => void;
}

async function load(folder: string, withAdapter: boolean): Promise<Loaded> {
  const config = await readConfig(path.join(folder, 'config.json'));
  const read = await readWeights(path.join(folder, 'model.safetensors'), weightLayout(config));
  const weights = read as Map<string, tf.Tensor>;
  const adapters = withAdapter
    ? await loadAdapter(folder, ADAPTERS[0])
    : new Map<string, TfjsAdapter>();
  const trainable = [...adapters.values()].flatMap(({ A, B }) => [A, B] as tf.Variable[]);
  return {
    model: new TfjsGPT2(config, weights, adapters),
    config,
    weights,
    trainable,
    dispose: () => tf.dispose([...weights.values(), ...trainable]),
  };
}

/** Reads tensors with names like `base_model.model.transformer.h.0.attn.c_attn.lora_A.weight`. */
async function loadAdapter(folder: string, name: string): Promise<Map<string, TfjsAdapter>> {
  const file = path.join(folder, adapterFolder(name), 'adapter_model.safetensors');
  const reader = await readSafetensors(file);
  const adapters = new Map<string, TfjsAdapter>();
  const variable = async (name: string) => {
    const shape = reader.tensors.get(name)?.shape as [number, number];
    const values = await reader.read(name);
    return tf.tidy(() => tf.variable(tf.tensor2d(values, shape)));
  };
  for (const name of reader.tensors.keys()) {
    if (!name.endsWith('.lora_A.weight')) continue;
    const layer = name.slice('base_model.model.transformer.'.length, -'.lora_A.weight'.length);
    const [A, B] = [await variable(name), await variable(name.replace('lora_A', 'lora_B'))];
    adapters.set(layer, { A, B, scaling: ALPHA_OVER_R });
  }
  await reader.close();
  return adapters;
}

function linear(work: LinearWork): Job {
  const { x, w0, bias, A, B, dy, scaling } = linearTensors(work);
  const [adapter, inputs] = work.r === 0 ? [undefined, [x]] : [{ A, B, scaling }, [x, A, B]];
  const compute = () => tfjsLinear(x, w0, bias, adapter);
  return linearJob(compute, inputs, dy, work.backward, [x, w0, bias, A, B, dy]);
}

function step({ model, trainable, dispose }: Loaded, work: Extract<Work, { kind: 'step' }>): Job {
  const { ids, labels } = textOf(work);
  const inputs = tf.tensor2d(ids, undefined, 'int32');
  const targets = tf.tensor1d(
    labels.flat().map((label) => Math.max(0, label)),
    'int32',
  );
  const counts = tf.tensor1d(labels.flat().map((label) => (label === IGNORED ? 0 : 1)));
  const optimizer = tf.train.adam(1e-4);
  const loss = (): tf.Scalar => {
    const { logits } = model.forward(inputs);
    const vocabSize = logits.shape[2];
    const oneHot = tf.oneHot(targets, vocabSize);
    return tf.losses.softmaxCrossEntropy(oneHot, logits.reshape([-1, vocabSize]), counts);
  };
  return {
    run: async () => {
      const { value, grads } = tf.variableGrads(loss, trainable);
      const clipped = tf.tidy(() => clip(grads));
      optimizer.applyGradients(clipped);
      await value.data();
      tf.dispose([value, grads, clipped]);
    },
    check: () => {
      const { value, grads } = tf.variableGrads(loss, trainable);
      return lossAndNorm(value, Object.values(grads));
    },
    dispose: () => {
      optimizer.dispose();
      tf.dispose([inputs, targets, counts]);
      dispose();
    },
  };
}

/** Clips the norm of all gradients together to at most 1. */
function clip(grads: tf.NamedTensorMap): { name: string; tensor: tf.Tensor }[] {
  const squares = Object.values(grads).map((grad) => grad.square().sum());
  const norm = tf.stack(squares).sum().sqrt(); // tf.addN fails on WebGPU with this many inputs
  const factor = tf.minimum(1, tf.div(1, norm.add(1e-6)));
  return Object.entries(grads).map(([name, grad]) => ({ name, tensor: grad.mul(factor) }));
}

function forward({ model, dispose }: Loaded, work: Extract<Work, { kind: 'forward' }>): Job {
  const ids = tf.tensor2d(textOf({ ...work, labelled: 1 }).ids, undefined, 'int32');
  const compute = () => [tf.tidy(() => model.forward(ids).logits)];
  return {
    run: () => settle(compute()),
    check: () => rootMeanSquares(compute()),
    dispose: () => {
      ids.dispose();
      dispose();
    },
  };
}

/** Loads the adapters of a mixed batch after the first. */
function loadOthers(folder: string): Promise<Map<string, TfjsAdapter>[]> {
  return Promise.all(ADAPTERS.slice(1).map((name) => loadAdapter(folder, name)));
}

/** Runs one pass for each adapter: tfjs has no op for a mixed batch. */
function mixed(
  { model, config, weights, dispose }: Loaded,
  others: readonly Map<string, TfjsAdapter>[],
  work: Extract<Work, { kind: 'mixed' }>,
): Job {
  const models = [model, ...others.map((adapters) => new TfjsGPT2(config, weights, adapters))];
  const { ids } = textOf({ ...work, labelled: 1 });
  const each = ids.length / models.length;
  const parts = models.map((_, i) =>
    tf.tensor2d(ids.slice(i * each, (i + 1) * each), undefined, 'int32'),
  );
  const compute = () =>
    models.map((one, i) => tf.tidy(() => one.forward(parts[i] as tf.Tensor2D).logits));
  return {
    run: () => settle(compute()),
    check: () => {
      const logits = compute();
      const all = tf.concat(logits);
      tf.dispose(logits);
      return rootMeanSquares([all]);
    },
    dispose: () => {
      tf.dispose(parts);
      for (const adapters of others) for (const { A, B } of adapters.values()) tf.dispose([A, B]);
      dispose();
    },
  };
}

function generation({ model, dispose }: Loaded, work: Extract<Work, { kind: 'generate' }>): Job {
  const prompt = textOf({ batch: 1, time: work.prompt, labelled: 1 }).ids[0] ?? [];
  return {
    run: async () => void (await continueGreedily(model, prompt, work.newTokens)),
    check: () => continueGreedily(model, prompt, CHECKED_TOKENS),
    dispose,
  };
}

async function continueGreedily(model: TfjsGPT2, prompt: number[], count: number) {
  const written: number[] = [];
  let past: TfjsPast[] = [];
  let next = prompt;
  while (written.length < count) {
    const { token, extended } = tf.tidy(() => {
      const { logits, past: extended } = model.forward(
        tf.tensor2d([next], undefined, 'int32'),
        past,
      );
      const last = logits.slice([0, next.length - 1, 0], [1, 1, -1]);
      return { token: last.argMax(-1), extended };
    });
    tf.dispose(past);
    past = extended;
    next = [...(await token.data())];
    written.push(...next);
    token.dispose();
  }
  tf.dispose(past);
  return written;
}
