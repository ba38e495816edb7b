export { openBase } from './open-base';
export { parseQuickOption } from './quick-option';
export { progressBar, stepOf } from './progress-bar';
export { ONE_CORE, runInProcess, runIfChild } from './run-in-process';
export type { StepMessage, TrainingMessage } from './run-in-process';
export { machineAndCommit, provenance, round, rowsFile, writeRows } from './write-rows';
export { withSeconds } from './with-seconds';
