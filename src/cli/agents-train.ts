import path from 'node:path';
import type { ResultRow } from '../finetune';
import { ADAPTERS, type AgentTraining, planTraining } from './agents-plan';
import { repoRoot } from './paths';
import { progressBar } from './progress-bar';
import { runApart } from './run-apart';

const MISTAKES_FILE = path.join(repoRoot, 'artifacts', 'agents', 'mistakes.json');

/**
 * Trains the three adapters into data/adapters/, each in a process of its own: first the solver,
 * then, from its mistakes, critic and reviser side by side.
 * @returns a row for each training
 */
export async function trainAgents(command: string): Promise<ResultRow[]> {
  const [solver, ...others] = planTraining();
  const bar = progressBar(
    'training',
    planTraining().reduce((sum, run) => sum + run.steps, 0),
  );
  const options = { command, folder: ADAPTERS, mistakesFile: MISTAKES_FILE };
  const trainRole = (run?: AgentTraining) => runApart('agents-train-run.js', [run, options], bar);
  try {
    const first = await trainRole(solver);
    return [first, ...(await Promise.all(others.map(trainRole)))];
  } finally {
    bar.stop();
  }
}
