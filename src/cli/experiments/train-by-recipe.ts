import type { LanguageModel } from '../../model/transformer';
import { type Batch, completionLoss, drawBatches, type Example } from '../../train/data';
import { adamW, type AdamWOptions, cosineDecay, train, warmUp } from '../../train/loop';
import { mean, type StepMessage } from '../measure';
import { RECIPE } from './sweep-plan';

/** What differs between trainings by the same recipe. */
export interface LearnOptions extends AdamWOptions {
  steps: number;
  /** of the batches */
  seed: number;
}

/** A training's last loss is the mean of so many steps. */
const LAST = 50;

/**
 * Trains what is trainable of a model by the recipe that all measured results share.
 * @returns the mean loss of the last steps
 */
export async function trainByRecipe(
  model: LanguageModel,
  examples: readonly Example[],
  { steps, seed, ...adam }: LearnOptions,
  tell: (message: StepMessage) => void,
): Promise<number> {
  const { batchSize: size, warmUp: ramp, maxGradientNorm } = RECIPE;
  const training = train({
    module: model,
    loss: (batch: Batch) => completionLoss(model, batch),
    batches: drawBatches(examples, { size, seed }),
    optimizer: adamW(adam),
    steps,
    schedule: warmUp(ramp, cosineDecay(steps - ramp)),
    maxGradientNorm,
  });
  const losses: number[] = [];
  for await (const { step, loss } of training) {
    losses.push(loss);
    tell({ step, loss });
  }
  return mean(losses.slice(-LAST));
}
