import { ArgumentError } from '../../tensor/errors';
import { DATA_EXERCISES, DATA_SOLUTIONS } from '../data-exercises';
import { DECODER_EXERCISES, DECODER_SOLUTIONS } from '../decoder-exercises';
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
  ...DECODER_SOLUTIONS,
  ...DATA_SOLUTIONS,
};

export type Solutions = typeof SOLUTIONS;
export type ExerciseId = keyof Solutions;

/** The exercises of each notebook, in its order, and the room that their files are in. */
export const NOTEBOOKS = {
  '05': { room: 'exercises', exercises: { rank, alpha, agents, merge, qlora } },
  '05f': { room: 'decoder-exercises', exercises: DECODER_EXERCISES },
  '05g': { room: 'data-exercises', exercises: DATA_EXERCISES },
} satisfies Record<string, { room: string; exercises: Record<string, Exercise> }>;

export type NotebookId = keyof typeof NOTEBOOKS;

/** All exercises, by their ids. */
export const EXERCISES: Record<ExerciseId, Exercise> = {
  ...NOTEBOOKS['05'].exercises,
  ...NOTEBOOKS['05f'].exercises,
  ...NOTEBOOKS['05g'].exercises,
};

/** The notebook that an exercise is in. */
export function notebookOf(id: ExerciseId): NotebookId {
  const notebooks = Object.keys(NOTEBOOKS) as NotebookId[];
  return notebooks.find((notebook) => id in NOTEBOOKS[notebook].exercises) as NotebookId;
}

/** @throws ArgumentError, in the caller's name, if no exercise has this id */
export function findExercise(caller: string, id: ExerciseId): Exercise {
  if (Object.hasOwn(EXERCISES, id)) return EXERCISES[id];
  const ids = Object.keys(EXERCISES).join(', ');
  throw new ArgumentError(`${caller}: id must be one of ${ids}, got ${String(id)}.`);
}
