export { checkReviser, checkSolver } from './check-solution';
export type { Check } from './check-solution';
export { CORRUPTIONS } from './corrupt';
export type { Corruption } from './corrupt';
export { checkCritic, formatCritique, judge, parseCritique } from './critique';
export type { Critique } from './critique';
export { TaskError } from './draw';
export { pretrainText } from './pretrain-text';
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
export { formatSolution, parseSolution } from './solution';
export type { Solution } from './solution';
export type { Step } from './step';
export { tokenizerJson } from './tokenizer';
