import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { FIXTURES } from '../../../tests/fixture';
import { onSoftwareGpu, someOf } from '../../../tests/some-of';
import { loadAdapter } from '../../adapter';
import { type LanguageModel, loadChatTemplate, loadModel, loadTokenizer } from '../../model';
import { useAccelerator } from '../../tensor/runtime';
import {
  adamW,
  constant,
  cosineDecay,
  IGNORED,
  linearDecay,
  type Schedule,
  train,
  type TrainingStep,
  warmUp,
} from '../loop';
import type { Row } from '../rows';
import { type Batch, makeBatch } from './batch';
import { completionLoss, meanLoss } from './completion-loss';
import { encodeRows } from './encode-rows';
import type { Example } from './example';
import { repeat } from './repeat';

before(useAccelerator);

/** What TRL's SFTTrainer and PEFT compute in float64, by `fixtures/sft_trl.py`. */
interface SftCase {
  training: {
    learning_rate: number;
    weight_decay: number;
    max_grad_norm: number;
    warmup_steps: number;
    max_steps: number;
    per_device_train_batch_size: number;
  };
  schedule: 'linear' | 'cosine' | 'constant_with_warmup';
  /** what the template reads beside messages */
  variables: Record<string, unknown>;
  runs: Record<'assistant' | 'completion', Run>;
}

interface Run {
  /** the number of batches in a step */
  accumulate: number;
  /** of the first batch, [size, time] */
  ids: number[][];
  /** of the token after each of `ids`, -100 where it is not learned */
  labels: number[][];
  /** the mean loss over all rows before training, and after */
  before: number;
  after: number;
  /** of each step */
  losses: number[];
  gradientNorms: number[];
}

const ROOT = path.join(FIXTURES, 'sft_trl');
/** The steps made where they are slow: on a GPU in software and in plain JavaScript. */
const stepsOf = (all: number) => (onSoftwareGpu ? 2 : tf.getBackend() === 'cpu' ? 12 : all);
const FILES = { assistant: 'messages.jsonl', completion: 'prompts.jsonl' };

const CASES = ['llama', 'smollm', 'qwen3'].flatMap((name) =>
  (['assistant', 'completion'] as const).map((kind) => ({ name, kind })),
);

for (const { name, kind } of someOf(CASES, 3)) {
  const folder = path.join(ROOT, name);
  const golden = JSON.parse(readFileSync(path.join(folder, 'expected.json'), 'utf8')) as SftCase;
  const want = golden.runs[kind];

  describe(`${name}, ${kind}-only, against SFTTrainer and PEFT in float64`, () => {
    let model: LanguageModel;
    let examples: Example[];
    let batches: Batch[];

    before(async () => {
      model = await loadModel(folder);
      await loadAdapter(model, path.join(folder, 'adapter'));
      const tokenizer = await loadTokenizer(folder, model.config);
      const template = await loadChatTemplate(folder);
      const { variables, training } = golden;
      examples = encodeRows(tokenizer, readRows(FILES[kind]), { template, variables });
      batches = inOrder(examples, training.per_device_train_batch_size);
    });

    test('ids and labels of the first batch are equal', () => {
      const [{ ids, labels } = { ids: [], labels: [] }] = batches;
      assert.deepEqual(ids, want.ids);
      const flat = want.labels.flat().map((label) => (label === -100 ? IGNORED : label));
      assert.deepEqual(labels, flat);
    });

    test('the mean loss over all rows agrees', async () => {
      assertClose([await meanLoss(model, examples)], [want.before], 1e-5);
    });

    test('50 steps follow in loss and gradient norm, fewer where they are slow', async () => {
      const { max_steps } = golden.training;
      const steps = stepsOf(max_steps);
      const done = await follow(model, batches, golden, want.accumulate, steps);
      assert.equal(done.length, steps);
      for (const [i, { loss, gradientNorm }] of done.entries()) {
        assertClose([loss], [want.losses[i] ?? NaN], 1e-4, `loss of step ${i + 1}`);
        const norm = want.gradientNorms[i] ?? NaN;
        assertClose([gradientNorm], [norm], 1e-4, `gradient norm of step ${i + 1}`);
      }
      if (steps < max_steps) return;
      assertClose([await meanLoss(model, examples)], [want.after], 1e-4, 'loss after all');
    });
  });
}

function readRows(file: string): Row[] {
  const lines = readFileSync(path.join(ROOT, file), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Row);
}

/** Batches of rows in the file's order. */
function inOrder(examples: readonly Example[], size: number): Batch[] {
  const starts = [...examples.keys()].filter((i) => i % size === 0);
  return starts.map((start) => makeBatch(examples.slice(start, start + size)));
}

async function follow(
  model: LanguageModel,
  batches: readonly Batch[],
  { training, schedule }: SftCase,
  accumulate: number,
  steps: number,
): Promise<TrainingStep[]> {
  const optimizer = adamW({
    learningRate: training.learning_rate,
    weightDecay: training.weight_decay,
  });
  const done: TrainingStep[] = [];
  for await (const step of train({
    module: model,
    loss: (batch: Batch) => completionLoss(model, batch),
    batches: repeat(batches),
    optimizer,
    steps,
    schedule: warmUp(training.warmup_steps, afterWarmUp(schedule, training)),
    accumulate,
    maxGradientNorm: training.max_grad_norm,
  })) {
    done.push(step);
  }
  optimizer.dispose();
  return done;
}

/** The schedule that transformers gives this name. */
function afterWarmUp(
  name: SftCase['schedule'],
  { max_steps, warmup_steps }: SftCase['training'],
): Schedule {
  const left = max_steps - warmup_steps;
  if (name === 'linear') return linearDecay(left);
  return name === 'cosine' ? cosineDecay(left) : constant;
}
