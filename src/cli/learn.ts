import { type Batch, completionLoss, drawBatches, type Example } from '../finetune';
import type { GPT2 } from '../gpt2';
import { adamW, type AdamWOptions, cosineDecay, train, type TrainingStep, warmUp } from '../train';
import { RECIPE } from './sweep-plan';

/** What differs between trainings by the same recipe. */
export interface LearnOptions extends AdamWOptions {
  steps: number;
  /** of the batches */
  seed: number;
}

/** Trains what is trainable of a model by the recipe that all measured results share. */
export function learn(
  model: GPT2,
  examples: readonly Example[],
  { steps, seed, ...adam }: LearnOptions,
): AsyncGenerator<TrainingStep, void> {
  const { batchSize: size, warmUp: ramp, maxGradientNorm } = RECIPE;
  return train({
    module: model,
    loss: (batch: Batch) => completionLoss(model, batch),
    batches: drawBatches(examples, { size, seed }),
    optimizer: adamW(adam),
    steps,
    schedule: warmUp(ramp, cosineDecay(steps - ramp)),
    maxGradientNorm,
  });
}
