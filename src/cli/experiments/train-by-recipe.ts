import type { LanguageModel } from '../../model/transformer';
import { type Batch, completionLoss, drawBatches, type Example } from '../../train/data';
import { adamW, type AdamWOptions, cosineDecay, train, warmUp } from '../../train/loop';
import type { StepMessage } from '../measure';
import { RECIPE } from './sweep-plan';

/** Settings that differ between trainings by the same recipe. */
export interface LearnOptions extends AdamWOptions {
  steps: number;
  /** seed of the batches */
  seed: number;
}

/**
 * Trains the trainable parameters of a model by the recipe of all measured results.
 * @returns the loss of each step
 */
export async function trainByRecipe(
  model: LanguageModel,
  examples: readonly Example[],
  { steps, seed, ...adam }: LearnOptions,
  tell: (message: StepMessage) => void,
): Promise<number[]> {
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
  return losses;
}
