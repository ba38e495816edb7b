export { EXERCISES, findExercise, SOLUTIONS } from './exercises';
export type { ExerciseId, Solutions } from './exercises';
export { merge } from './merge';
