import { ArgumentError } from '../../tensor/errors';
import type { Exercise } from '../judge';
import { agents } from './agents';
import * as agentsSolution from './agents.solution';
import { alpha } from './alpha';
import * as alphaSolution from './alpha.solution';
import { merge } from './merge';
import * as mergeSolution from './merge.solution';
import { qlora } from './qlora';
import * as qloraSolution from './qlora.solution';
import { rank } from './rank';
import * as rankSolution from './rank.solution';

/** The functions that solve each exercise, by its id. */
export const SOLUTIONS = {
  rank: rankSolution,
  alpha: alphaSolution,
  agents: agentsSolution,
  merge: mergeSolution,
  qlora: qloraSolution,
};

export type Solutions = typeof SOLUTIONS;
export type ExerciseId = keyof Solutions;

/** The five exercises, in the order of the notebook. */
export const EXERCISES: Record<ExerciseId, Exercise> = {
  rank,
  alpha,
  agents,
  merge,
  qlora,
};

/** @throws ArgumentError, in the caller's name, if no exercise has this id */
export function findExercise(caller: string, id: ExerciseId): Exercise {
  if (Object.hasOwn(EXERCISES, id)) return EXERCISES[id];
  const ids = Object.keys(EXERCISES).join(', ');
  throw new ArgumentError(`${caller}: id must be one of ${ids}, got ${String(id)}.`);
}
