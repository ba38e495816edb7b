import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { BASE, readResults, type ResultRow, resultsFile } from '../../course/shipped';
import { projectRoot } from '../../files/local';
import { ArgumentError } from '../../tensor/errors';
import { useAccelerator } from '../../tensor/runtime';
import {
  ONE_CORE,
  parseQuickOption,
  progressBar,
  rowsFile,
  runInProcess,
  stepOf,
  writeRows,
} from '../measure';
import {
  isResultOf,
  planSearch,
  planSweep,
  type SearchRun,
  type SweepName,
  type SweepRun,
  SWEEPS,
} from './sweep-plan';

/** Holds the rows of the search for learning rates, of all sweeps. */
const SEARCH = 'sweep-rates';

/**
 * Trains the solver at every rank, at every alpha, on a base in 4 bits, or by every variant, with
 * several seeds, each run in a process of its own. First finds the learning rate of each arm on the
 * validation set, the same way for all. Writes a row for each run to data/results/; runs that have a
 * row there are not repeated.
 * @param args `rank`, `alpha`, `qlora` or `variants`; `--quick` runs one seed at the learning rates
 *   that were found before, and writes to artifacts/
 * @returns 0
 */
export async function sweep(args: string[]): Promise<number> {
  const { what: name, quick, command } = parseQuickOption('sweep', args);
  if (!isSweep(name)) {
    throw new ArgumentError(
      `sweep: the sweep must be one of ${SWEEPS.join(', ')}, got ${name ?? 'nothing'}.`,
    );
  }
  const base = baseHash();
  const searched = quick ? readResults(SEARCH) : await search(name, base, command);
  const file = rowsFile(`sweep-${name}`, quick);
  const rows = await runAll(planSweep(name, { quick, base, searched }), command, {
    done: quick ? [] : SWEEPS.flatMap((one) => readResults(`sweep-${one}`)),
    write: (finished) => writeRows(file, finished),
  });
  printTable(rows);
  console.log(`\nRows: ${path.relative(projectRoot, file)}`);
  return 0;
}

/** Runs what the search still lacks for a sweep. Returns the rows of the search, of all sweeps. */
async function search(name: SweepName, base: string, command: string): Promise<ResultRow[]> {
  const known = readResults(SEARCH);
  const runs = planSearch(name, base);
  const ofOthers = known.filter((row) => !runs.some((run) => isResultOf(row, run)));
  const rows = await runAll(runs, command, {
    done: known,
    write: (finished) => writeRows(resultsFile(SEARCH), [...ofOthers, ...finished]),
  });
  return [...ofOthers, ...rows];
}

function isSweep(name: string | undefined): name is SweepName {
  return SWEEPS.some((one) => one === name);
}

/** Identifies the base in the rows: rows of another base are not reused. */
function baseHash(): string {
  const weights = readFileSync(path.join(BASE, 'model.safetensors'));
  return createHash('sha256').update(weights).digest('hex').slice(0, 12);
}

/** Counts parallel runs: one per core on a CPU, which is faster than one run on all, or one on a GPU. */
async function countWorkers(): Promise<number> {
  const { name } = await useAccelerator();
  return name === 'cuda' || name === 'webgpu' ? 1 : cpus().length;
}

async function runAll(
  runs: readonly (SweepRun | SearchRun)[],
  command: string,
  { done, write }: { done: ResultRow[]; write: (finished: ResultRow[]) => Promise<void> },
): Promise<ResultRow[]> {
  const rows = runs.map((run) => done.find((row) => isResultOf(row, run)));
  const finished = () => rows.flatMap((row) => row ?? []);
  const waiting = [...runs.keys()].filter((i) => !rows[i]);
  const steps = waiting.reduce((sum, i) => sum + (runs[i]?.steps ?? 0), 0);
  const bar = progressBar('sweep', steps);
  const onStep = stepOf(bar);
  const work = async () => {
    for (let i = waiting.shift(); i !== undefined; i = waiting.shift()) {
      rows[i] = await runInProcess<ResultRow>(
        path.join(__dirname, 'sweep-run.js'),
        [runs[i], command],
        {
          env: ONE_CORE,
          onStep,
        },
      );
      await write(finished());
    }
  };
  await Promise.all(Array.from({ length: await countWorkers() }, work));
  bar.stop();
  return finished();
}

function printTable(rows: readonly ResultRow[]): void {
  console.table(
    rows.map(
      ({ method, r, alpha, learningRate, seed, trainable, testLoss, exactMatch, seconds }) => ({
        method,
        r,
        alpha,
        'learning rate': learningRate,
        seed,
        trainable,
        'test loss': testLoss,
        'exact match': exactMatch,
        seconds,
      }),
    ),
  );
}
