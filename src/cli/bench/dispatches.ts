import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ResultRow } from '../../course/shipped';
import { round, withSeconds } from '../measure';
import { softwareVulkan } from '../setup';
import { makeModel, Rival } from './rivals/rival-process';
import { gpt2Shape } from './rivals/shapes';
import type { Work } from './rivals/work';
import { nameOf, type Origin } from './rows';

/** All layers of distilgpt2, for their number decides the count; narrow, for a software driver. */
const NARROW = gpt2Shape('narrow', {
  vocab_size: 1024,
  n_positions: 1024,
  n_embd: 96,
  n_layer: 6,
  n_head: 12,
});

const layer = { kind: 'linear', inFeatures: 96, outFeatures: 288, tokens: 32, r: 8 } as const;
const WORKS: Work[] = [
  { ...layer, backward: false },
  { ...layer, backward: true },
  { kind: 'step', batch: 2, time: 16, labelled: 1 },
];

/**
 * Counts the shaders that WebGPU runs for this library and for tfjs ops. Counts, unlike times, are
 * the same on a software driver.
 * @returns no rows if there is no software driver
 */
export async function benchDispatches(origin: Origin, python: string): Promise<ResultRow[]> {
  const env = softwareVulkan();
  if (!env) return [];
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-narrow-'));
  const rivals: Rival[] = [];
  try {
    await makeModel(python, folder, NARROW);
    for (const name of ['ours', 'tfjs'] as const) {
      rivals.push(await Rival.ofNode(name, folder, env));
    }
    const rows: ResultRow[] = [];
    for (const work of WORKS) rows.push(await count(origin, rivals, work));
    return rows;
  } finally {
    for (const rival of rivals) await rival.stop();
    rmSync(folder, { recursive: true });
  }
}

async function count(origin: Origin, rivals: readonly Rival[], work: Work): Promise<ResultRow> {
  const dispatches: Record<string, number | undefined> = {};
  const { seconds } = await withSeconds(async () => {
    for (const rival of rivals) {
      await rival.prepare('job', work);
      dispatches[rival.name] = (await rival.ask({ count: 'job' })).count;
      await rival.ask({ release: true });
    }
  });
  const { ours = NaN, tfjs = NaN } = dispatches;
  return {
    ...origin,
    device: `${origin.device}; software driver`,
    seconds,
    what: 'dispatches',
    name: `dispatches, ${nameOf(work)}`,
    dispatches,
    tfjsOverOurs: round(tfjs / ours, 3),
  };
}
