/** What the notebooks teach with: exercises that answer back, the arithmetic task, agents, charts. */
export {
  answerFrom,
  chooseVerdict,
  findHardProblems,
  runTeam,
  trainingRows,
  transcript,
} from './agents';
export type { Trace, Transcript, Verdict } from './agents';
export type { Turn } from './data-exercises';
export { normalQuantile, NotAttempted, todo } from './judge';
export {
  answerOr,
  check,
  CheckFailed,
  hint,
  predict,
  progress,
  showDownload,
  showLabels,
  solution,
} from './lesson';
export type { PredictionId } from './lesson';
export type { ExerciseId, NotebookId, Solutions } from './exercises';
export {
  decoderPicture,
  descentChart,
  distancePicture,
  headsPicture,
  lossesChart,
  lowRankPicture,
  modelPicture,
  parameterChart,
  pictureShape,
  rotationPicture,
  singularValues,
} from './pictures';
export type {
  DistancePictureOptions,
  HeadsPictureOptions,
  ModelPictureOptions,
  Picture,
  PictureText,
  RotationPictureOptions,
} from './pictures';
export { barChart, dotChart, intervalChart, lineChart, trainingChart } from './plot';
export type {
  BarChartOptions,
  DotChartOptions,
  Figure,
  IntervalChartOptions,
  LineChartOptions,
  TrainingChartOptions,
} from './plot';
export {
  compareMeans,
  histogram,
  mean,
  standardDeviation,
  timed,
  timeInTurn,
  wilson,
} from './measure';
export type { Comparison, Interval, Spread } from './measure';
export { CHAT_QUESTIONS, faultOfCall, HOME_RECIPE, isSameCall } from './home';
export type { CallFault } from './home';
export { BASE, HOME, readResults, resultsFile, smolLM2 } from './shipped';
export type { ResultRow, SmolLM2Options } from './shipped';
export {
  answerRows,
  checkAnswer,
  checkRow,
  checkSolver,
  completePrompts,
  completeTogether,
  drawPretrainingBatches,
  drawProblems,
  exactMatch,
  pretrainText,
  ROLES,
  solverPrompt,
  solverRow,
  solverRows,
  tokenizerJson,
} from './task';
export type { DrawOptions, Problem, Role, Row, Split } from './task';
