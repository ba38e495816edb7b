import path from 'node:path';
import type { ResultRow } from '../../course/shipped';
import { projectRoot } from '../../files/local';
import { ArgumentError } from '../../tensor/errors';
import {
  parseQuickOption,
  progressBar,
  rowsFile,
  runInProcess,
  stepOf,
  writeRows,
} from '../measure';

const SEEDS = [1, 2, 3];

/** What a run of `home` measures. */
export interface HomeRow extends ResultRow {
  steps: number;
  /** right answers of the base, and of the adapter */
  base: number;
  adapter: number;
  answered: number;
  /** losses of 50 test rows and of the base's answers to 50 other questions, by the adapter's scale */
  scales: { scale: number; home: number; chat: number }[];
  peakMegabytes: number;
}

/**
 * Adapts SmolLM2 to the rows of data/home as notebook 05g does, with several seeds, each in a process
 * of its own, and asks it all rows held back. Writes a row for each run to data/results/home.json.
 * @param args `--quick` trains two steps of one seed, asks four rows, and writes to artifacts/
 * @returns 0
 */
export async function home(args: string[]): Promise<number> {
  const { what, quick, command } = parseQuickOption('home', args);
  if (what !== undefined) {
    throw new ArgumentError(`home: nothing but --quick can be asked for, got ${what}.`);
  }
  const file = rowsFile('home', quick);
  const rows: HomeRow[] = [];
  for (const seed of quick ? SEEDS.slice(0, 1) : SEEDS) {
    const bar = progressBar(`seed ${seed}`, quick ? 2 : 100);
    const script = path.join(__dirname, 'home-run.js');
    rows.push(await runInProcess<HomeRow>(script, [seed, quick, command], { onStep: stepOf(bar) }));
    bar.stop();
    await writeRows(file, rows);
  }
  console.table(
    rows.map(({ seed, steps, seconds, base, adapter, answered }) => ({
      seed,
      steps,
      seconds,
      base: `${base} of ${answered}`,
      adapter: `${adapter} of ${answered}`,
    })),
  );
  console.log(`\nRows: ${path.relative(projectRoot, file)}`);
  return 0;
}
