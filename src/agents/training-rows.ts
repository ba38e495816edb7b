import type { Tokenizer } from '@huggingface/tokenizers';
import { completePrompts } from '../finetune';
import type { GPT2 } from '../gpt2';
import {
  type Attempted,
  drawProblems,
  judge,
  parseSolution,
  type ReviserRow,
  reviserRow,
  reviserRows,
  type Role,
  solverPrompt,
  type SolverRow,
  solverRow,
  solverRows,
} from '../tasks';

const SPLIT = 'train';
/** Problems of different seeds, so that no role learns another's by heart. */
const SEEDS = { solver: 1, mistakes: 2, critic: 3, reviser: 4 };
/** How often the critic sees a problem that the solver got wrong, where others come once. */
const HARD = 3;

/**
 * What a role learns from. The critic sees right solutions alone, most often of what the solver
 * gets wrong: so that where the two differ, it is the critic who has learnt it. The reviser sees
 * wrong attempts, the solver's own and spoilt ones, with their true critique.
 * @param mistakes the solver's, for critic and reviser
 */
export function trainingRows(
  role: Role,
  mistakes: readonly Attempted[],
): (SolverRow | ReviserRow)[] {
  const draw = (count: number) => ({ split: SPLIT, seed: SEEDS[role], count }) as const;
  switch (role) {
    case 'solver':
      return solverRows(draw(8000));
    case 'critic': {
      const hard = mistakes.map(({ problem }) => solverRow(problem));
      return [...solverRows(draw(4000)), ...Array.from({ length: HARD }, () => hard).flat()];
    }
    case 'reviser': {
      const spoilt = reviserRows(draw(8000)).filter(({ corruption }) => corruption !== null);
      return [...mistakes.map(reviserRow), ...spoilt];
    }
  }
}

/** How much the solver is tried, and how freely it writes. */
export interface MistakeOptions {
  problems: number;
  temperature: number;
}

/** Attempts of a solver at problems it has not seen, those that came out wrong. */
export async function findMistakes(
  model: GPT2,
  tokenizer: Tokenizer,
  { problems: count, temperature }: MistakeOptions,
): Promise<Attempted[]> {
  const problems = drawProblems({ split: SPLIT, seed: SEEDS.mistakes, count });
  const prompts = problems.map(({ question }) => solverPrompt(question));
  const texts = await completePrompts(model, tokenizer, prompts, { temperature });
  return problems.flatMap((problem, i): Attempted[] => {
    const attempt = parseSolution((texts[i] ?? '').trim());
    if (!attempt || judge(problem, attempt).verdict === 'right') return [];
    return [{ problem, attempt, corruption: null }];
  });
}
