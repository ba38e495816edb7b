export { openBase } from './open-base';
export { progressBar, stepOf } from './progress-bar';
export { ONE_CORE, runInProcess, runIfChild } from './run-in-process';
export type { StepMessage, TrainingMessage } from './run-in-process';
export { mean, pairedDifference, quantiles, wilson } from './statistics';
export type { Interval } from './statistics';
export { timeInTurn, timed } from './time-in-turn';
export type { Spread } from './time-in-turn';
export { machineAndCommit, provenance, round, rowsFile, writeRows } from './write-rows';
