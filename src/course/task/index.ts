export { answerRows, completePrompts, completeTogether, exactMatch } from './answer';
export type { Answer, Sampling } from './answer';
export { checkReviser, checkSolver } from './check-solution';
export type { Check } from './check-solution';
export { CORRUPTIONS } from './corrupt';
export type { Corruption } from './corrupt';
export { checkCritic, formatCritique, judge, parseCritique } from './critique';
export type { Critique } from './critique';
export type { Step } from './equation';
export { pretrainText } from './pretrain-text';
export { drawPretrainingBatches } from './pretraining';
export { drawProblems, SPLITS } from './problem';
export type { DrawOptions, Problem, Split } from './problem';
export {
  checkRow,
  criticPrompt,
  criticRows,
  reviserPrompt,
  reviserRows,
  ROLES,
  solverPrompt,
  solverRow,
  solverRows,
} from './rows';
export type { Attempted, CriticRow, ReviserRow, Role, Row, SolverRow } from './rows';
export { TaskError } from './seeded-draw';
export { formatSolution, parseSolution } from './solution';
export type { Solution } from './solution';
export { tokenizerJson } from './tokenizer';
