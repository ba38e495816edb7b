export { answerAll } from './answer-all';
export type { Answer } from './answer-all';
export { fineTune } from './fine-tune';
export type { FineTuneOptions, FineTuneStep, Validation } from './fine-tune';
export { adapterOf, completeRecipe, RECIPE } from './recipe';
export type { Recipe } from './recipe';
export { assertNoRun, assertSameRecipe, runFolder } from './run-folder';
export { validationLoss } from './validation-loss';
export type { ValidationLoss } from './validation-loss';
