import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { ResultRow } from '../../course/shipped';
import { projectRoot, pythonPath } from '../../files/local';
import { LoraError } from '../../tensor/errors';
import { jupyterEnvironment } from '../setup';
import {
  parseQuickOption,
  provenance,
  rowsFile,
  runInProcess,
  withSeconds,
  writeRows,
} from '../measure';
import { killedSaves } from './killed-saves';
import { type Leftover, WORKS } from './repeated-work';

/** How often everything is done; `--quick` does a tenth. */
const TIMES = {
  'training step': 10_000,
  'load and free of an adapter': 1_000,
  generation: 1_000,
  'interrupted cell': 200,
  'save that is killed': 100,
};
/** Growth of a process's memory that counts as flat, in percent. */
const FLAT = 3;
const SEED = 1;

/**
 * Does each kind of work many times and measures what it leaves behind. Writes to
 * data/results/soak.json, or with `--quick` to artifacts/.
 * @returns 0, or 1 if a tensor or handle is left, memory grows, or a file is half-written
 */
export async function soak(args: string[]): Promise<number> {
  const { quick, command } = parseQuickOption('soak', args);
  const times = (what: keyof typeof TIMES) => (quick ? TIMES[what] / 10 : TIMES[what]);
  const origin = { command, ...(await provenance()), seed: SEED };
  const rows: ResultRow[] = [];
  const add = async (what: keyof typeof TIMES, work: () => Promise<object>) => {
    const { result, seconds } = await withSeconds(work);
    const row = { ...origin, seconds, work: what, times: times(what), ...result };
    console.log(JSON.stringify({ work: what, times: times(what), ...result, seconds }));
    rows.push(row);
    await writeRows(rowsFile('soak', quick), rows);
  };
  const script = path.join(__dirname, 'repeated-work.js');
  for (const work of WORKS) {
    await add(work, () => runInProcess<Leftover>(script, [work, times(work)]));
  }
  await add('interrupted cell', () => Promise.resolve(interruptedCells(times('interrupted cell'))));
  await add('save that is killed', async () => ({
    halfWritten: await killedSaves(times('save that is killed'), SEED),
  }));
  const faults = rows.filter(isFault);
  for (const { work } of faults) console.error(`soak: ${String(work)} leaves something behind.`);
  return faults.length === 0 ? 0 : 1;
}

/** Interrupts cells that train, in a real kernel, through Jupyter's own client. */
function interruptedCells(times: number): Leftover & { unanswered: number } {
  const script = path.join(projectRoot, 'src/cli/soak/interrupted_cells.py');
  const { status, stdout } = spawnSync(pythonPath(), [script, String(times), String(SEED)], {
    env: { ...process.env, ...jupyterEnvironment() },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) {
    throw new LoraError(`soak: interrupted_cells.py must end well, got exit code ${status}.`);
  }
  return JSON.parse(stdout) as Leftover & { unanswered: number };
}

/** Memory may shrink. */
function isFault(row: ResultRow): boolean {
  const left = ['tensors', 'bytes', 'nativeHandles', 'unanswered', 'halfWritten'];
  return (
    left.some((name) => Boolean(row[name])) ||
    (typeof row.growthPercent === 'number' && row.growthPercent > FLAT)
  );
}
