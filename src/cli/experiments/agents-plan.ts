import path from 'node:path';
import type { Role } from '../../course/task';
import { projectRoot } from '../../files/local';
import { RECIPE } from './sweep-plan';

/** Holds a folder for each role, in PEFT's layout. */
export const ADAPTERS = path.join(projectRoot, 'data', 'adapters');

/** The training of one role. */
export interface AgentTraining {
  role: Role;
  seed: number;
  r: number;
  alpha: number;
  steps: number;
  learningRate: number;
}

/**
 * Plans the trainings: one recipe for all roles, each from a new adapter with a seed of its own. The
 * critic is trained with two seeds, since one may be lucky; the run with the lower loss on the
 * validation set is kept.
 */
export function planTraining(): AgentTraining[] {
  const { steps } = RECIPE;
  const size = { r: 8, alpha: 32, steps, learningRate: 5e-3 };
  return [
    { role: 'solver', seed: 1, ...size },
    { role: 'critic', seed: 2, ...size },
    { role: 'critic', seed: 5, ...size },
    { role: 'reviser', seed: 3, ...size },
  ];
}

/** The trial of the solver that finds problems it often fails. */
export const TRIAL = { problems: 4000, temperature: 1.2 };

/** The problems on which adapters of one role are compared. */
export const VALIDATION = { split: 'validation', seed: 1, count: 500 } as const;

/** Attempts and temperature of the team, chosen on the validation set. */
export const TEAM = { attempts: 8, temperature: 1 };

/**
 * Temperature of the solver alone with a vote; on the validation set, 0.5, 0.7 and 1 differ by less
 * than a point.
 */
export const ALONE = { temperature: 0.5 };

/** The test problems; a quick run takes the first `quick` of them. */
export const TESTS = { seed: 1, count: 2000, quick: 500 };
