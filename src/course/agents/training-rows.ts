import type { Tokenizer } from '@huggingface/tokenizers';
import type { LanguageModel } from '../../model/transformer';
import { assertOptions, type OptionKeys } from '../../tensor/errors';
import {
  checkSolver,
  completePrompts,
  drawProblems,
  formatSolution,
  type Problem,
  type Role,
  type Row,
  solverPrompt,
  solverRow,
  solverRows,
} from '../task';
import { firstSteps } from './first-steps';

const SPLIT = 'train';
/** Different seeds, so that no role memorises another's problems. */
const SEEDS = { solver: 1, hard: 2, critic: 3, reviser: 4 };
/** The number of copies of a problem that the solver got wrong; other problems have one. */
const HARD = 3;

/** A text to learn from. */
export type TrainingRow = Pick<Row, 'prompt' | 'completion'>;

/**
 * Makes the rows that a role learns from: right solutions alone. Critic and reviser see several
 * times what the solver gets wrong, so that they learn what it has not; the reviser gets the first
 * steps in the prompt, and writes the rest.
 * @param hard problems that the solver gets wrong, for critic and reviser
 */
export function trainingRows(role: Role, hard: readonly Problem[]): TrainingRow[] {
  const draw = (count: number) => solverRows({ split: SPLIT, seed: SEEDS[role], count });
  if (role === 'solver') return draw(8000);
  const often = Array.from({ length: HARD }, () => hard.map(solverRow)).flat();
  const rows = [...draw(4000), ...often];
  return role === 'critic' ? rows : rows.map(({ problem }, i) => begun(problem, i));
}

/** Asks for the rest of a solution after `turn` modulo (steps + 1) of its steps. */
function begun(problem: Problem, turn: number): TrainingRow {
  const kept = firstSteps(problem, turn % (problem.steps.length + 1));
  const prompt = solverPrompt(problem.question) + (kept === '' ? '' : ` ${kept}`);
  const rest = formatSolution(problem).slice(kept.length).trimStart();
  return { prompt, completion: ` ${rest}\n` };
}

/** The number of problems to try the solver on, and its sampling temperature. */
export interface TrialOptions {
  problems: number;
  temperature: number;
}

const TRIAL: OptionKeys<TrialOptions> = { problems: 'required', temperature: 'required' };

/** Finds problems, new to the solver, that it gets wrong at its first attempt. */
export async function findHardProblems(
  model: LanguageModel,
  tokenizer: Tokenizer,
  options: TrialOptions,
): Promise<Problem[]> {
  assertOptions('findHardProblems', options, TRIAL);
  const { problems: count, temperature } = options;
  const problems = drawProblems({ split: SPLIT, seed: SEEDS.hard, count });
  const prompts = problems.map(({ question }) => solverPrompt(question));
  const texts = await completePrompts(model, tokenizer, prompts, { temperature });
  return problems.filter((problem, i) => !checkSolver(problem, (texts[i] ?? '').trim()).ok);
}
