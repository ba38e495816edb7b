export { answerOr } from './answer-or';
export { check, CheckFailed } from './check';
export { hint, solution } from './hint';
export { predict } from './predict';
export type { PredictionId } from './predictions';
export { showLabels } from './show-labels';
export { progress } from './show-progress';
export { showDownload } from './show-download';
