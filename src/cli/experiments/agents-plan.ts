import path from 'node:path';
import type { Role } from '../../course/task';
import { projectRoot } from '../../files/local';
import { RECIPE } from './sweep-plan';

/** One folder for each role, in PEFT's layout. */
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
 * The same recipe for all three, each from nothing, with a seed of its own. Of the critic there are
 * two, since a seed may be a lucky one; the one with the lower loss on problems of the validation
 * set is kept.
 */
export function planTraining(): AgentTraining[] {
  const { steps } = RECIPE;
  const learningRate = RECIPE.learningRate.lora;
  const size = { r: 8, alpha: 32, steps, learningRate };
  return [
    { role: 'solver', seed: 1, ...size },
    { role: 'critic', seed: 2, ...size },
    { role: 'critic', seed: 5, ...size },
    { role: 'reviser', seed: 3, ...size },
  ];
}

/** What the solver is tried on to find problems that are hard for it. */
export const TRIAL = { problems: 4000, temperature: 1.2 };

/** What adapters of one role are compared by. */
export const VALIDATION = { split: 'validation', seed: 1, count: 500 } as const;

/** How the team works; chosen on problems of the validation set. */
export const TEAM = { attempts: 8, temperature: 1 };

/** How freely the solver writes where it is alone and votes; the best for it there, of 0.5, 0.7, 1. */
export const ALONE = { temperature: 0.5 };

/** The problems that it is measured on, and those of a quick run: the first of them. */
export const TESTS = { seed: 1, count: 2000, quick: 500 };
