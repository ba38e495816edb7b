import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { AdapterBank } from '../../../adapter/bank';
import { loadAdapter } from '../../../adapter/peft';
import { applyLoraToLinear, freezeBaseModel, removeLora } from '../../../lora';
import { loadModel } from '../../../model';
import { generate, type LanguageModel } from '../../../model/transformer';
import { LoraError } from '../../../tensor/errors';
import { Linear, type Module } from '../../../tensor/nn';
import { completionLoss, repeat } from '../../../train/data';
import { adamW, train } from '../../../train/loop';
import {
  CHECKED_TOKENS,
  type Job,
  linearJob,
  linearTensors,
  lossAndNorm,
  type MakeJob,
  numbers,
  rootMeanSquares,
  settle,
} from './job';
import {
  adapterFolder,
  ADAPTERS,
  adaptersOfRows,
  ALPHA_OVER_R,
  type LinearWork,
  textOf,
  type Work,
} from './work';

/** The works done with this library, written as its users would. */
export const makeOurs: MakeJob = async (work, folder) => {
  if (work.kind === 'linear') return linear(work);
  if (work.kind === 'product') return product(work.size);
  if (work.kind === 'add') return add(work.size);
  const model = await loadModel(folder);
  if (work.kind === 'mixed') return mixed(model, work, folder);
  const { names } = await loadAdapter(model, path.join(folder, 'adapter'));
  if (names.length === 0) throw new LoraError('bench: the adapter must fit the model.');
  return { step, forward, generate: generation }[work.kind](model, work as never);
};

function linear({ r, backward, ...work }: LinearWork): Job {
  const { x, w0, bias, A, B, dy } = linearTensors({ r, backward, ...work });
  const base = new Linear({ weight: w0, bias });
  freezeBaseModel(base);
  const given = [x, w0, bias, A, B, dy];
  if (r === 0)
    return disposing(
      linearJob(() => base.forward(x), [x], dy, backward, given),
      base,
    );
  const layer = applyLoraToLinear(base, { r, alpha: ALPHA_OVER_R * r });
  layer.lora.A.assign(A);
  layer.lora.B.assign(B);
  const inputs = [x, layer.lora.A, layer.lora.B];
  const job = linearJob(() => layer.forward(x), inputs, dy, backward, given);
  return disposing(job, layer, base);
}

/** Makes a job free these modules too. */
function disposing(job: Job, ...modules: Module[]): Job {
  const dispose = () => {
    job.dispose();
    for (const each of modules) each.dispose();
  };
  return { ...job, dispose };
}

function step(model: LanguageModel, work: Extract<Work, { kind: 'step' }>): Job {
  const { ids, labels } = textOf(work);
  const batch = { ids, labels: labels.flat() };
  const optimizer = adamW({ learningRate: 1e-4, weightDecay: 0.01 });
  const training = train({
    module: model,
    loss: () => completionLoss(model, batch),
    batches: repeat([batch]),
    optimizer,
    steps: Number.MAX_SAFE_INTEGER,
    maxGradientNorm: 1,
  });
  return {
    run: async () => void (await training.next()),
    check: () => {
      const { value, grads } = tf.variableGrads(() => completionLoss(model, batch));
      return lossAndNorm(value, Object.values(grads));
    },
    dispose: () => {
      optimizer.dispose();
      model.dispose();
    },
  };
}

function forward(model: LanguageModel, work: Extract<Work, { kind: 'forward' }>): Job {
  const ids = model.idsTensor(textOf({ ...work, labelled: 1 }).ids);
  return {
    run: () => settle([model.forward(ids)]),
    check: () => rootMeanSquares([model.forward(ids)]),
    dispose: () => {
      ids.dispose();
      model.dispose();
    },
  };
}

async function mixed(
  model: LanguageModel,
  work: Extract<Work, { kind: 'mixed' }>,
  folder: string,
): Promise<Job> {
  const bank = new AdapterBank(model);
  for (const name of ADAPTERS) {
    await bank.add(name, (base) => loadAdapter(base, path.join(folder, adapterFolder(name))));
  }
  bank.forRows(adaptersOfRows(work));
  const job = forward(model, { ...work, kind: 'forward' });
  const dispose = () => {
    bank.dispose();
    job.dispose();
  };
  return { ...job, dispose };
}

function generation(model: LanguageModel, work: Extract<Work, { kind: 'generate' }>): Job {
  if (!work.adapter) removeLora(model);
  const { ids } = textOf({ batch: 1, time: work.prompt, labelled: 1 });
  const write = (maxNewTokens: number) => generate(model, ids, { maxNewTokens, stopTokens: [] });
  return {
    run: async () => void (await write(work.newTokens)),
    check: async () => (await write(CHECKED_TOKENS)).flat(),
    dispose: () => model.dispose(),
  };
}

/** One large matrix product, which measures the machine. */
function product(size: number): Job {
  const [a, b] = [1, 2].map((seed) => numbers([size, size], seed, 1) as tf.Tensor2D);
  const multiply = () => [tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D)];
  return {
    run: () => settle(multiply()),
    check: () => rootMeanSquares(multiply()),
    dispose: () => tf.dispose([a, b]),
  };
}

/** One large sum: two streams read from memory and one written. */
function add(size: number): Job {
  const [a, b] = [1, 2].map((seed) => numbers([size], seed, 1));
  const sum = () => [tf.add(a as tf.Tensor, b as tf.Tensor)];
  return {
    run: () => settle(sum()),
    check: () => rootMeanSquares(sum()),
    dispose: () => tf.dispose([a, b]),
  };
}
