/** The door of the exercises: what a cell of the lesson calls, by the id of an exercise. */
export { answerOr } from './answer-or';
export { check, CheckFailed } from './check';
export type { ExerciseId, Solutions } from './exercises';
export { hint, solution } from './hint';
export { normalQuantile } from './normal-quantile';
export { predict } from './predict';
export type { PredictionId } from './predictions';
export { progress } from './show-progress';
export { NotAttempted, todo } from './todo';
