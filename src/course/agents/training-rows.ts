import type { Tokenizer } from '@huggingface/tokenizers';
import type { LanguageModel } from '../../model/transformer';
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
import { beginning } from './first-steps';

const SPLIT = 'train';
/** Problems of different seeds, so that no role learns another's by heart. */
const SEEDS = { solver: 1, hard: 2, critic: 3, reviser: 4 };
/** How often a problem comes that the solver got wrong, where others come once. */
const HARD = 3;

/** A text to learn from. */
export type TrainingRow = Pick<Row, 'prompt' | 'completion'>;

/**
 * What a role learns from: right solutions alone. Critic and reviser see most often what the solver
 * gets wrong, so that where they differ from it, it is they who have learnt it; and the reviser
 * sees solutions that are begun, to write the rest.
 * @param hard problems that the solver gets wrong, for critic and reviser
 */
export function trainingRows(role: Role, hard: readonly Problem[]): TrainingRow[] {
  const draw = (count: number) => solverRows({ split: SPLIT, seed: SEEDS[role], count });
  if (role === 'solver') return draw(8000);
  const often = Array.from({ length: HARD }, () => hard.map(solverRow)).flat();
  const rows = [...draw(4000), ...often];
  return role === 'critic' ? rows : rows.map(({ problem }, i) => begun(problem, i));
}

/** The rest of a solution, after none, one, ... of its steps: a different number at each turn. */
function begun(problem: Problem, turn: number): TrainingRow {
  const kept = beginning(problem, turn % (problem.steps.length + 1));
  const prompt = solverPrompt(problem.question) + (kept === '' ? '' : ` ${kept}`);
  const rest = formatSolution(problem).slice(kept.length).trimStart();
  return { prompt, completion: ` ${rest}\n` };
}

/** How much the solver is tried, and how freely it writes. */
export interface TrialOptions {
  problems: number;
  temperature: number;
}

/** Problems that a solver, who has not seen them, gets wrong at its first attempt. */
export async function findHardProblems(
  model: LanguageModel,
  tokenizer: Tokenizer,
  { problems: count, temperature }: TrialOptions,
): Promise<Problem[]> {
  const problems = drawProblems({ split: SPLIT, seed: SEEDS.hard, count });
  const prompts = problems.map(({ question }) => solverPrompt(question));
  const texts = await completePrompts(model, tokenizer, prompts, { temperature });
  return problems.filter((problem, i) => !checkSolver(problem, (texts[i] ?? '').trim()).ok);
}
