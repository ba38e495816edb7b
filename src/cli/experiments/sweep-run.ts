import { pissa, initFromBase } from '../../adapter/base-init';
import { answerRows, exactMatch, solverRows } from '../../course/task';
import { dora, injectLora, mergeLora, rsLora } from '../../lora';
import type { LanguageModel } from '../../model/transformer';
import { countParameters } from '../../tensor/nn';
import { quantizeModel } from '../../tensor/quant';
import { encodeRows, meanLoss } from '../../train/data';
import { loraPlus } from '../../train/loop';
import { openBase, provenance, round, type TrainingMessage, runIfChild } from '../measure';
import { RECIPE, type SweepRun } from './sweep-plan';
import { trainByRecipe } from './train-by-recipe';

/** NF4 with scales in 8 bits, as in the QLoRA paper. */
const QUANTIZATION = { type: 'nf4', doubleQuantize: true } as const;

/**
 * Trains the solver on the shipped base once and measures it on the test set.
 * @param command for the row: as the user typed it
 */
export async function sweepRun(
  run: SweepRun,
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
  const lastLoss = await trainByRecipe(model, encodeRows(tokenizer, rows), options, tell);
  const trained = performance.now();
  const tests = solverRows({ split: 'test', seed: 1, count: run.testRows });
  const measure = async () => ({
    testLoss: round(await meanLoss(model, encodeRows(tokenizer, tests)), 4),
    exactMatch: exactMatch(await answerRows(model, tokenizer, tests)),
  });
  const row = {
    command,
    ...origin,
    ...run,
    seconds: round((trained - start) / 1000, 1),
    trainable: countParameters(model).trainable,
    finalTrainingLoss: round(lastLoss, 4),
    ...(await measure()),
    ...(run.method === 'qlora' ? { requantized: await requantized(model, measure) } : {}),
  };
  tell({ row });
}

/** Measures the model again after its merged float32 weights are rounded to 4 bits. */
async function requantized<T>(model: LanguageModel, measure: () => Promise<T>): Promise<T> {
  await mergeLora(model);
  await quantizeModel(model, QUANTIZATION);
  return measure();
}

async function adapt(model: LanguageModel, { method, r, alpha, seed }: SweepRun): Promise<void> {
  if (r === null || alpha === null) return;
  if (method === 'qlora') await quantizeModel(model, QUANTIZATION);
  const rule = method === 'rslora' ? { scaling: rsLora } : {};
  const variant = method === 'dora' ? { variant: dora } : {};
  injectLora(model, { targetModules: 'all-linear', r, alpha, seed, ...rule, ...variant });
  if (method === 'pissa') await initFromBase(model, pissa);
}

runIfChild(([run, command], tell) => sweepRun(run as SweepRun, command as string, tell));
