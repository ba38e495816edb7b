import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { type AdapterConfig, loadAdapter, savePretrained } from '../../adapter';
import { loraLayersOf, removeLora } from '../../lora';
import type { LanguageModel } from '../../model/transformer';
import { ArgumentError, assertOptions, type OptionKeys } from '../../tensor/errors';
import { assertModule } from '../../tensor/nn';
import { Draw } from '../../tensor/runtime';
import { type Batch, completionLoss, drawBatches, type Example, packExamples } from '../data';
import {
  adamW,
  cosineDecay,
  loadCheckpoint,
  type Optimizer,
  saveCheckpoint,
  train,
  type TrainingStep,
  warmUp,
} from '../loop';
import { countExact, type ExactAnswers } from './answer-all';
import { assertRows } from './assert-rows';
import { completeRecipe, type Recipe } from './recipe';
import {
  addMetrics,
  assertSameRecipe,
  checksumOf,
  cutMetrics,
  openRun,
  type RunFolder,
  runFolder,
} from './run-folder';
import { type ValidationLoss, validationLoss } from './validation-loss';

const CALLER = 'fineTune';

/** Options of `fineTune`. */
export interface FineTuneOptions {
  /** with a fresh adapter on it: `injectLora(model, adapterOf(recipe))` */
  model: LanguageModel;
  /** rows to learn from */
  train: readonly Example[];
  /** rows by which the best adapter is chosen */
  valid: readonly Example[];
  /** the folder of the run */
  folder: string;
  /** defaults for what is left out */
  recipe?: Partial<Recipe>;
  /** true to go on from the folder's checkpoint */
  resume?: boolean;
  /** more keys of adapter_config.json, such as base_model_name_or_path */
  config?: Partial<AdapterConfig>;
}

const OPTIONS: OptionKeys<FineTuneOptions> = {
  model: 'required',
  train: 'required',
  valid: 'required',
  folder: 'required',
  recipe: 'optional',
  resume: 'optional',
  config: 'optional',
};

/** The report of one step. */
export interface FineTuneStep extends TrainingStep {
  /** the number of the last step */
  steps: number;
  /** bytes of tensors on the accelerator, after the step */
  bytes: number;
  /** every `eval_steps` steps, and after the last one */
  validation?: Validation;
}

/** The loss on rows held back and, where `eval_answers` asks for them, their exact answers. */
export interface Validation extends ValidationLoss, Partial<ExactAnswers> {
  isBest: boolean;
}

/** How far a run has come, in its checkpoint. */
interface Progress {
  rows: string;
  bestLoss: number | null;
  /** validations since the best one */
  sinceBest: number;
}

/**
 * Trains an adapter by a recipe, and yields a report after every step. The folder holds the adapter
 * with the lowest validation loss (PEFT's files), the last one (in `last`), the recipe, the metrics
 * (a JSON line for each step) and a checkpoint, from which `resume` goes on: with the same numbers
 * to the bit on the same accelerator. A run that is left, by `break` or an error, keeps its last
 * whole step. At its end the model has the best adapter.
 * @throws ArgumentError if an option is unknown, the recipe out of range, the model without an
 *   adapter, rows are missing, or the folder holds a run and `resume` is not asked for (or the other
 *   way round); what `train` throws
 */
export async function* fineTune(options: FineTuneOptions): AsyncGenerator<FineTuneStep, void> {
  const run = await prepare(options);
  const { model, files, recipe, optimizer, steps, progress } = run;
  model.checkpointBlocks = recipe.gradient_checkpointing;
  let saved = run.stepsDone;
  let done = run.stepsDone;
  let isMeasuring = false;
  const save = async () => {
    // A step whose validation failed is not done: resumed, the run measures it again.
    if (saved === done || isMeasuring) return;
    await saveCheckpoint(
      files.checkpoint,
      { module: model, optimizer },
      { step: done, extra: progress },
    );
    saved = done;
  };
  const isOver = () => recipe.patience > 0 && progress.sinceBest >= recipe.patience;
  try {
    for await (const report of isOver() ? [] : train(run.training)) {
      const { step } = report;
      isMeasuring = true;
      const isMeasured = step % recipe.eval_steps === 0 || step === steps;
      const validation = isMeasured ? await validate(run, options) : undefined;
      const { numBytes: bytes } = tf.memory();
      await addMetrics(files, { ...report, bytes, ...(validation && { validation }) });
      [done, isMeasuring] = [step, false];
      if (validation) await save();
      yield { ...report, steps, bytes, ...(validation && { validation }) };
      if (isOver()) break;
    }
    await savePretrained(model, files.last, adapterConfig(options));
    removeLora(model);
    await loadAdapter(model, files.folder);
  } finally {
    await save().finally(() => optimizer.dispose());
  }
}

interface Run {
  model: LanguageModel;
  files: RunFolder;
  recipe: Recipe;
  optimizer: Optimizer;
  steps: number;
  stepsDone: number;
  progress: Progress;
  valid: readonly Example[];
  training: Parameters<typeof train<Batch>>[0];
}

type Start = Pick<Run, 'recipe' | 'model' | 'optimizer' | 'progress'>;

/** Checks everything, then opens the folder. */
async function prepare(options: FineTuneOptions): Promise<Run> {
  assertOptions(CALLER, options, OPTIONS);
  const { model, folder, resume = false } = options;
  assertModule(CALLER, model);
  const recipe = completeRecipe(CALLER, options.recipe ?? {});
  if (loraLayersOf(model).size === 0) {
    throw new ArgumentError(
      `${CALLER}: model must have an adapter, got none. Put one on it: injectLora(model, adapterOf(recipe)).`,
    );
  }
  const { train: learned, valid: held } = options;
  const longest = Math.min(recipe.max_length, model.config.maxPositions);
  assertRows(CALLER, { train: learned, valid: held }, longest);
  const rows = recipe.packing ? packExamples(learned, longest) : learned;
  const accumulate = recipe.gradient_accumulation_steps;
  const size = Math.min(recipe.batch_size, rows.length);
  const steps = Math.max(1, Math.round((recipe.epochs * rows.length) / (size * accumulate)));
  const optimizer = adamW({ learningRate: recipe.learning_rate, weightDecay: recipe.weight_decay });
  const files = runFolder(folder);
  const progress: Progress = { rows: checksumOf(rows, held), bestLoss: null, sinceBest: 0 };
  const opened = resume
    ? goOn(files, { recipe, model, optimizer, progress })
    : begin(files, { recipe, model, optimizer, progress });
  const stepsDone = await opened.catch((error: unknown) => {
    optimizer.dispose();
    throw error;
  });
  const batches = drawBatches(rows, { size, seed: recipe.seed });
  for (let i = 0; i < stepsDone * accumulate; i++) batches.next(); // those are learned already
  const valid = new Draw(recipe.seed, 'validation').shuffle(held).slice(0, recipe.eval_rows);
  const ramp = Math.min(recipe.warmup_steps, steps - 1);
  const training = {
    module: model,
    loss: (batch: Batch) => completionLoss(model, batch),
    batches,
    optimizer,
    steps,
    stepsDone,
    accumulate,
    schedule: warmUp(ramp, cosineDecay(steps - ramp)),
    maxGradientNorm: recipe.max_grad_norm,
    seed: recipe.seed,
    countTokens: ({ tokens = 0 }: Batch) => tokens,
  };
  return { model, files, recipe, optimizer, steps, stepsDone, progress, valid, training };
}

/** Opens the folder of a new run, and keeps its start: a stopped cell has no time to save. */
async function begin(files: RunFolder, { recipe, progress, model, optimizer }: Start) {
  await openRun(CALLER, files, recipe);
  await saveCheckpoint(
    files.checkpoint,
    { module: model, optimizer },
    { step: 0, extra: progress },
  );
  return 0;
}

/**
 * Opens a run's folder again: at its checkpoint, or at the beginning if it was killed before it had
 * one. @returns the steps that are done
 */
async function goOn(
  files: RunFolder,
  { recipe, progress, model, optimizer }: Start,
): Promise<number> {
  await assertSameRecipe(CALLER, files, recipe);
  const checkpoint = existsSync(files.checkpoint)
    ? await loadCheckpoint(files.checkpoint, { module: model, optimizer })
    : { step: 0, extra: progress };
  const before = checkpoint.extra as Progress;
  if (before.rows !== progress.rows) {
    throw new ArgumentError(
      `${CALLER}: the rows must be those that the run in ${files.folder} began with, but are others. (Does the model's template write the date? encodeRows takes \`now\`.) Take another folder for a new run.`,
    );
  }
  await cutMetrics(files, checkpoint.step);
  Object.assign(progress, before);
  return checkpoint.step;
}

/** Measures the validation loss, and keeps the adapter if it is the best so far. */
async function validate(
  { model, files, recipe, valid, progress }: Run,
  options: FineTuneOptions,
): Promise<Validation> {
  const measured = await validationLoss(model, valid);
  const isBest = progress.bestLoss === null || measured.loss < progress.bestLoss;
  if (isBest) {
    await savePretrained(model, files.folder, adapterConfig(options));
    progress.bestLoss = measured.loss;
  }
  progress.sinceBest = isBest ? 0 : progress.sinceBest + 1;
  const asked = valid.slice(0, recipe.eval_answers);
  return { ...measured, isBest, ...(asked.length > 0 && (await countExact(model, asked))) };
}

function adapterConfig({ config }: FineTuneOptions) {
  return { config: { task_type: 'CAUSAL_LM', ...config } };
}
