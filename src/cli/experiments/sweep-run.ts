import type { Tokenizer } from '@huggingface/tokenizers';
import { pissa, initFromBase } from '../../adapter/base-init';
import { answerRows, exactMatch, solverRows } from '../../course/task';
import { dora, injectLora, mergeLora, rsLora } from '../../lora';
import type { LanguageModel } from '../../model/transformer';
import { countParameters } from '../../tensor/nn';
import { quantizeModel } from '../../tensor/quant';
import { encodeRows, meanLoss } from '../../train/data';
import { loraPlus } from '../../train/loop';
import { mean } from '../../course/measure';
import { openBase, provenance, round, type TrainingMessage, runIfChild } from '../measure';
import { RECIPE, type SearchRun, type SweepRun } from './sweep-plan';
import { trainByRecipe } from './train-by-recipe';

/** NF4 with scales in 8 bits, as in the QLoRA paper. */
const QUANTIZATION = { type: 'nf4', doubleQuantize: true } as const;

/**
 * Trains the solver on the shipped base once and measures it, on the test set or, in a search, its
 * loss on the validation set.
 * @param command for the row: as the user typed it
 */
export async function sweepRun(
  run: SweepRun | SearchRun,
  command: string,
  tell: (message: TrainingMessage) => void,
): Promise<void> {
  const origin = await provenance();
  const start = performance.now();
  const { model, tokenizer } = await openBase();
  await adapt(model, run);
  const rows = solverRows({ split: 'train', seed: 1, count: RECIPE.trainRows });
  const { steps, seed, learningRate } = run;
  const options = {
    steps,
    seed,
    learningRate,
    ...(run.method === 'loraplus' ? { ratio: loraPlus() } : {}),
  };
  const losses = await trainByRecipe(model, encodeRows(tokenizer, rows), options, tell);
  const trained = performance.now();
  const row = {
    command,
    ...origin,
    ...run,
    seconds: round((trained - start) / 1000, 1),
    trainable: countParameters(model).trainable,
    trainingLosses: tenths(losses).map((tenth) => round(mean(tenth), 4)),
    ...(await measure(model, tokenizer, run)),
  };
  tell({ row });
}

/** Cuts a list into ten parts, one after another. */
function tenths<T>(values: readonly T[]): T[][] {
  const cut = (tenth: number) => Math.round((tenth / 10) * values.length);
  return Array.from({ length: 10 }, (_, i) => values.slice(cut(i), cut(i + 1)));
}

async function measure(
  model: LanguageModel,
  tokenizer: Tokenizer,
  run: SweepRun | SearchRun,
): Promise<object> {
  if ('validationRows' in run) {
    const rows = solverRows({ split: 'validation', seed: 1, count: run.validationRows });
    return { validationLoss: round(await meanLoss(model, encodeRows(tokenizer, rows)), 4) };
  }
  const tests = solverRows({ split: 'test', seed: 1, count: run.testRows });
  const onTests = async () => ({
    testLoss: round(await meanLoss(model, encodeRows(tokenizer, tests)), 4),
    exactMatch: exactMatch(await answerRows(model, tokenizer, tests)),
  });
  const measured = await onTests();
  if (run.method !== 'qlora') return measured;
  await mergeLora(model);
  await quantizeModel(model, QUANTIZATION); // as if the merged weights were stored in 4 bits again
  return { ...measured, requantized: await onTests() };
}

async function adapt(
  model: LanguageModel,
  { method, r, alpha, seed }: SweepRun | SearchRun,
): Promise<void> {
  if (r === null || alpha === null) return;
  if (method === 'qlora') await quantizeModel(model, QUANTIZATION);
  const rule = method === 'rslora' ? { scaling: rsLora } : {};
  const variant = method === 'dora' ? { variant: dora } : {};
  injectLora(model, { targetModules: 'all-linear', r, alpha, seed, ...rule, ...variant });
  if (method === 'pissa') await initFromBase(model, pissa);
}

runIfChild(([run, command], tell) =>
  sweepRun(run as SweepRun | SearchRun, command as string, tell),
);
