export { EXERCISES, findExercise, notebookOf, NOTEBOOKS, SOLUTIONS } from './exercises';
export type { ExerciseId, NotebookId, Solutions } from './exercises';
export { merge } from './merge';
