import { BASE, answerRows, encodeRows, exactMatch, meanLoss } from '../finetune';
import { type GPT2, loadModel, loadTokenizer } from '../gpt2';
import { injectLora, rsLora } from '../lora';
import { countParameters } from '../nn';
import { solverRows } from '../tasks';
import { learn } from './learn';
import { provenance } from './results';
import type { TrainingMessage } from './run-apart';
import { RECIPE, type SweepRun } from './sweep-plan';

/**
 * Trains the solver on the shipped base, once, and measures it on problems it has not seen.
 * @param command for the row: what the user typed
 */
export async function sweepRun(
  run: SweepRun,
  command: string,
  tell: (message: TrainingMessage) => void,
): Promise<void> {
  const origin = await provenance();
  const start = performance.now();
  const model = await loadModel(BASE);
  const tokenizer = await loadTokenizer(BASE, model.config);
  adapt(model, run);
  const rows = solverRows({ split: 'train', seed: 1, count: RECIPE.trainRows });
  const losses: number[] = [];
  for await (const { step, loss } of learn(model, encodeRows(tokenizer, rows), run)) {
    losses.push(loss);
    tell({ step, loss });
  }
  const trained = performance.now();
  const tests = solverRows({ split: 'test', seed: 1, count: run.testRows });
  const row = {
    command,
    ...origin,
    ...run,
    seconds: round((trained - start) / 1000, 1),
    trainable: countParameters(model).trainable,
    finalTrainingLoss: round(mean(losses.slice(-50)), 4),
    testLoss: round(await meanLoss(model, encodeRows(tokenizer, tests)), 4),
    exactMatch: exactMatch(await answerRows(model, tokenizer, tests)),
  };
  tell({ row });
}

function adapt(model: GPT2, { method, r, alpha, seed }: SweepRun): void {
  if (r === null || alpha === null) return;
  const rule = method === 'rslora' ? { scaling: rsLora } : {};
  injectLora(model, { targetModules: 'all-linear', r, alpha, seed, ...rule });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

if (process.send) {
  const [run, command] = process.argv.slice(2).map((arg) => JSON.parse(arg) as unknown);
  void sweepRun(run as SweepRun, command as string, (message) => process.send?.(message)).then(() =>
    process.disconnect(),
  );
}
