import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { ResultRow } from '../../course/shipped';
import { ROLES } from '../../course/task';
import { projectRoot } from '../../files/local';
import { ONE_CORE, progressBar, runInProcess, stepOf } from '../measure';
import { ADAPTERS, type AgentTraining, planTraining } from './agents-plan';

const FOLDER = path.join(projectRoot, 'artifacts', 'agents');
const HARD_FILE = path.join(FOLDER, 'hard.json');

/**
 * Trains the adapters, each in a process of its own: first the solver, then critics and reviser at
 * once, on the problems that the solver often fails. The best of each role goes to data/adapters/.
 * @returns a row for each training
 */
export async function trainAgents(command: string): Promise<ResultRow[]> {
  const [solver, ...others] = planTraining();
  const bar = progressBar(
    'training',
    planTraining().reduce((sum, run) => sum + run.steps, 0),
  );
  const options = { command, folder: FOLDER, hardFile: HARD_FILE };
  const settings = { env: ONE_CORE, onStep: stepOf(bar) };
  const trainRole = (run?: AgentTraining): Promise<ResultRow> =>
    runInProcess(path.join(__dirname, 'agents-train-run.js'), [run, options], settings);
  try {
    const first = await trainRole(solver);
    return keepBest([first, ...(await Promise.all(others.map(trainRole)))]);
  } finally {
    bar.stop();
  }
}

/** Keeps the adapter with the lowest validation loss of each role. @returns the rows, with `kept` */
export function keepBest(rows: readonly ResultRow[]): ResultRow[] {
  const lossOf = ({ validationLoss }: ResultRow) => validationLoss as number;
  const best = ROLES.map(
    (role) =>
      rows.filter((row) => row.role === role).sort((a, b) => lossOf(a) - lossOf(b))[0] as ResultRow,
  );
  for (const { role, seed } of best) {
    const folder = path.join(ADAPTERS, role as string);
    rmSync(folder, { recursive: true, force: true });
    cpSync(path.join(FOLDER, `${role as string}-${seed}`), folder, { recursive: true });
  }
  return rows.map((row) => ({ ...row, kept: best.includes(row) }));
}
