import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import type { ResultRow } from '../../course/shipped';
import { machineAndCommit, round, withSeconds } from '../measure';
import { peftPython } from '../setup';
import { compare, type Comparison } from './compare';
import { MACHINE, MEMORY } from './plan';
import { makeModel, type Rival, type RivalName } from './rivals/rival-process';
import type { Shape } from './rivals/shapes';
import { comparisonRow, machineRow, memoryRow, type Origin } from './rows';

/** How to start the rivals on one accelerator, each in a process of its own. */
export type Starts = [name: RivalName, start: () => Promise<Rival>][];

/** A model with random weights, on which rivals are measured. */
export interface Ground {
  shape: Shape;
  /** holds the model and its adapters */
  folder: string;
  /** a Python with PyTorch and PEFT */
  python: string;
  origin: Omit<Origin, 'backend'>;
  /** keeps a row as it is measured */
  keep: (row: ResultRow) => void;
}

/**
 * Makes a model of this shape for `measure`, and removes it after.
 * @param onRow called with each row as it is measured
 * @returns the rows
 * @throws SetupError if PEFT is not installed
 */
export async function onModel(
  shape: Shape,
  { command, onRow }: { command: string; onRow: (row: ResultRow) => void },
  measure: (ground: Ground) => Promise<void>,
): Promise<ResultRow[]> {
  const python = peftPython();
  const loadBefore = round(loadavg()[0] ?? NaN, 1);
  const origin = { command, ...machineAndCommit(), seed: 1, loadBefore };
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const rows: ResultRow[] = [];
  const keep = (row: ResultRow) => (rows.push(row), onRow(row));
  try {
    await makeModel(python, folder, shape);
    await measure({ shape, folder, python, origin, keep });
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rows;
}

/** Times the rivals in turn on one accelerator, and this library also for the machine's rates. */
export async function measureTimes(
  ground: Ground,
  backend: string,
  starts: Starts,
  comparisons: readonly Comparison[],
): Promise<void> {
  const rivals: Rival[] = [];
  try {
    for (const [, start] of starts) rivals.push(await start());
    await timeRivals(ground, backend, rivals, comparisons);
  } finally {
    for (const rival of rivals) await rival.stop();
  }
}

async function timeRivals(
  { shape, origin, keep }: Ground,
  backend: string,
  rivals: readonly Rival[],
  comparisons: readonly Comparison[],
): Promise<void> {
  const devices = new Set([origin.device, ...rivals.map(({ started }) => started.device)]);
  const place = { ...origin, backend, device: [...devices].join('; ') };
  const own = rivals.filter(({ name }) => name === 'ours');
  const machine = await compare(own, { works: Object.values(MACHINE), rounds: 5 });
  const { row, rates } = machineRow(place, machine, shape);
  keep(row);
  for (const comparison of comparisons) {
    const { rounds, withReference } = comparison;
    const all = rivals.filter(({ name }) => withReference || name !== 'reference');
    const { result: others, seconds } = await withSeconds(() => compare(all, comparison));
    for (const one of others) {
      keep(comparisonRow({ ...place, seconds }, one, { others, rounds, rates, shape }));
    }
  }
}

/** Measures memory, one process after the other, so that each peak belongs to one rival. */
export async function measureMemory(
  { shape, origin, keep }: Ground,
  backend: string,
  starts: Starts,
): Promise<void> {
  const peaks: Record<string, { start: number | null; peak: number | null }> = {};
  const { seconds } = await withSeconds(async () => {
    for (const [name, start] of starts) {
      if (name === 'reference') continue;
      const rival = await start();
      try {
        const atStart = rival.peakMegabytes();
        await rival.prepare('step', MEMORY.work);
        for (let step = 0; step < MEMORY.steps; step++) await rival.milliseconds('step', 1);
        peaks[name] = { start: atStart, peak: rival.peakMegabytes() };
      } finally {
        await rival.stop();
      }
    }
  });
  keep(memoryRow({ ...origin, backend, seconds }, peaks, shape));
}
