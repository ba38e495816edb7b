import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Tokenizer } from '@huggingface/tokenizers';
import * as tf from '@tensorflow/tfjs';
import { BASE, resultsFile } from '../../course/shipped';
import { drawPretrainingBatches, tokenizerJson } from '../../course/task';
import { writeFileAtomically } from '../../files/local';
import { saveModel } from '../../model';
import { drawWeights, GPT2, type GPT2Config } from '../../model/gpt2';
import type { LanguageModel } from '../../model/transformer';
import { countParameters } from '../../tensor/nn';
import { read } from '../../tensor/runtime';
import { type Batch, completionLoss } from '../../train/data';
import { adamW, cosineDecay, train, type TrainingStep, warmUp } from '../../train/loop';
import { progressBar, provenance, writeRows } from '../measure';

const SEED = 1;
/** Text that is not in the training data. */
const VALIDATION = { seed: 900_000, batches: 20 };
const BATCH = { size: 16, time: 128 };
const WARM_UP = 200;
const LEARNING_RATE = 3e-3;
/** Steps whose losses are averaged into one entry of the log. */
const LOGGED = 100;

/**
 * Trains the base model of the course from random weights: a small GPT-2 on general arithmetic text.
 * Writes it to data/base/ in Hugging Face's layout, and its losses to data/results/.
 * @param args `--steps N` for a shorter run, `--folder F` for another place
 * @returns 0
 */
export async function pretrain(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      steps: { type: 'string', default: '6000' },
      folder: { type: 'string', default: BASE },
    },
  });
  const [steps, folder] = [Number(values.steps), values.folder];
  const origin = await provenance();
  const start = performance.now();
  const tokenizer = new Tokenizer(tokenizerJson(), {});
  const model = freshModel(baseConfig(tokenizer));
  const losses = await learn(model, tokenizer, steps);
  const validationLoss = await validate(model, tokenizer);
  await saveBase(model, folder);
  const row = {
    command: ['npm run pretrain', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    ...origin,
    seed: SEED,
    seconds: Math.round((performance.now() - start) / 1000),
    parameters: countParameters(model).total,
    steps,
    tokens: steps * BATCH.size * BATCH.time,
    validationLoss,
    losses,
  };
  const file = args.length > 0 ? path.join(folder, 'pretrain.json') : resultsFile('pretrain');
  await writeRows(file, [row]);
  console.log(`${folder}: validation loss ${validationLoss.toFixed(4)}, ${row.seconds} s`);
  return 0;
}

function baseConfig(tokenizer: Tokenizer): GPT2Config {
  const width = 160;
  return {
    vocabSize: tokenizer.get_vocab().size,
    maxPositions: BATCH.time,
    nEmbd: width,
    nLayer: 4,
    nHead: 5,
    nInner: 4 * width,
    layerNormEpsilon: 1e-5,
    eosTokenIds: tokenizer.encode('\n').ids,
  };
}

function freshModel(config: GPT2Config): GPT2 {
  const weights = drawWeights(config, SEED);
  try {
    return new GPT2(config, weights);
  } finally {
    tf.dispose([...weights.values()]);
  }
}

/** @returns [step, mean loss of the steps up to it] */
async function learn(
  model: LanguageModel,
  tokenizer: Tokenizer,
  steps: number,
): Promise<[number, number][]> {
  const bar = progressBar('pretraining', steps);
  const losses: [number, number][] = [];
  let recent: TrainingStep[] = [];
  const training = train({
    module: model,
    loss: (batch: Batch) => completionLoss(model, batch),
    batches: drawPretrainingBatches(tokenizer, { ...BATCH, seed: SEED }),
    optimizer: adamW({
      learningRate: LEARNING_RATE,
      beta2: 0.99,
      weightDecay: 0.1,
      decays: (name) => !/bias|\.ln_/.test(name),
    }),
    steps,
    schedule: warmUp(WARM_UP, cosineDecay(steps - WARM_UP)),
    maxGradientNorm: 1,
  });
  for await (const step of training) {
    recent.push(step);
    bar.update(step.step, { loss: step.loss.toFixed(3) });
    if (step.step % LOGGED !== 0 && step.step !== steps) continue;
    const mean = recent.reduce((sum, { loss }) => sum + loss, 0) / recent.length;
    losses.push([step.step, Number(mean.toFixed(4))]);
    recent = [];
  }
  bar.stop();
  return losses;
}

async function validate(model: LanguageModel, tokenizer: Tokenizer): Promise<number> {
  const batches = drawPretrainingBatches(tokenizer, { ...BATCH, seed: VALIDATION.seed });
  let sum = 0;
  for (let i = 0; i < VALIDATION.batches; i++) {
    const loss = completionLoss(model, batches.next().value);
    sum += (await read(loss).finally(() => loss.dispose()))[0] ?? NaN;
  }
  return sum / VALIDATION.batches;
}

/** Writes the tokenizer first: a folder with weights is complete. */
async function saveBase(model: LanguageModel, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const files = {
    'tokenizer.json': tokenizerJson(),
    'tokenizer_config.json': {
      tokenizer_class: 'PreTrainedTokenizerFast',
      clean_up_tokenization_spaces: false,
      model_max_length: BATCH.time,
    },
  };
  for (const [name, json] of Object.entries(files)) {
    await writeFileAtomically(path.join(folder, name), [`${JSON.stringify(json, null, 1)}\n`]);
  }
  await saveModel(model, folder, { dtype: 'F16' });
}
