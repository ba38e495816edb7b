import {
  BASE,
  answerRows,
  completionLoss,
  drawBatches,
  encodeRows,
  exactMatch,
  meanLoss,
  type Batch,
  type ResultRow,
} from '../finetune';
import { type GPT2, loadModel, loadTokenizer } from '../gpt2';
import { dora, injectLora, mergeLora, rsLora } from '../lora';
import { countParameters } from '../nn';
import { quantizeModel } from '../quant';
import { pissa, startFromBase } from '../starts';
import { solverRows } from '../tasks';
import { adamW, cosineDecay, loraPlus, train, warmUp } from '../train';
import { provenance } from './results';
import { RECIPE, type SweepRun } from './sweep-plan';

/** NF4 with scales in 8 bits, as the paper has it. */
const QUANTIZATION = { type: 'nf4', doubleQuantize: true } as const;

/** What a run tells while it runs, and at its end. */
export type SweepMessage = { step: number; loss: number } | { row: ResultRow };

/**
 * Trains the solver on the shipped base, once, and measures it on problems it has not seen.
 * @param command for the row: what the user typed
 */
export async function sweepRun(
  run: SweepRun,
  command: string,
  tell: (message: SweepMessage) => void,
): Promise<void> {
  const origin = await provenance();
  const start = performance.now();
  const model = await loadModel(BASE);
  const tokenizer = await loadTokenizer(BASE, model.config);
  await adapt(model, run);
  const rows = solverRows({ split: 'train', seed: 1, count: RECIPE.trainRows });
  const { batchSize: size, warmUp: ramp, maxGradientNorm } = RECIPE;
  const losses: number[] = [];
  const training = train({
    module: model,
    loss: (batch: Batch) => completionLoss(model, batch),
    batches: drawBatches(encodeRows(tokenizer, rows), { size, seed: run.seed }),
    optimizer: adamW({
      learningRate: run.learningRate,
      ...(run.method === 'loraplus' ? { ratio: loraPlus() } : {}),
    }),
    steps: run.steps,
    schedule: warmUp(ramp, cosineDecay(run.steps - ramp)),
    maxGradientNorm,
  });
  for await (const { step, loss } of training) {
    losses.push(loss);
    tell({ step, loss });
  }
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
    finalTrainingLoss: round(mean(losses.slice(-50)), 4),
    ...(await measure()),
    ...(run.method === 'qlora' ? { requantized: await requantized(model, measure) } : {}),
  };
  tell({ row });
}

/** What is lost where the merged weights, in float32, are rounded to 4 bits again. */
async function requantized<T>(model: GPT2, measure: () => Promise<T>): Promise<T> {
  await mergeLora(model);
  await quantizeModel(model, QUANTIZATION);
  return measure();
}

async function adapt(model: GPT2, { method, r, alpha, seed }: SweepRun): Promise<void> {
  if (r === null || alpha === null) return;
  if (method === 'qlora') await quantizeModel(model, QUANTIZATION);
  const rule = method === 'rslora' ? { scaling: rsLora } : {};
  const variant = method === 'dora' ? { variant: dora } : {};
  injectLora(model, { targetModules: 'all-linear', r, alpha, seed, ...rule, ...variant });
  if (method === 'pissa') await startFromBase(model, pissa);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

if (process.send) {
  const [run, command] = process.argv.slice(2) as [string, string];
  void sweepRun(JSON.parse(run) as SweepRun, command, (message) => process.send?.(message)).then(
    () => process.disconnect(),
  );
}
