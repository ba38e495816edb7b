import type { Exercise } from '../judge';
import { bestCheckpoint } from './best-checkpoint';
import * as bestCheckpointSolution from './best-checkpoint.solution';
import { labels } from './labels';
import * as labelsSolution from './labels.solution';
import { packing } from './packing';
import * as packingSolution from './packing.solution';
import { stepLoss } from './step-loss';
import * as stepLossSolution from './step-loss.solution';

/** The functions that solve each exercise on rows of one's own, by its id. */
export const DATA_SOLUTIONS = {
  labels: labelsSolution,
  'step-loss': stepLossSolution,
  packing: packingSolution,
  'best-checkpoint': bestCheckpointSolution,
};

/** The exercises on rows of one's own, in the order of notebook 05g. */
export const DATA_EXERCISES: Record<keyof typeof DATA_SOLUTIONS, Exercise> = {
  labels,
  'step-loss': stepLoss,
  packing,
  'best-checkpoint': bestCheckpoint,
};
