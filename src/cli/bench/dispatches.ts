import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ResultRow } from '../../course/shipped';
import { round } from '../measure';
import { softwareVulkan } from '../setup';
import { DISTILGPT2 } from './distilgpt2';
import { makeModel, Rival } from './rival-process';
import { nameOf, type Origin } from './rows';
import type { Work } from './work';

/** As many layers, which are what counts; narrow, since the driver may be one in software. */
const NARROW = { ...DISTILGPT2, vocab_size: 1024, n_embd: 96 };

const layer = { kind: 'linear', inFeatures: 96, outFeatures: 288, tokens: 32, r: 8 } as const;
const WORKS: Work[] = [
  { ...layer, backward: false },
  { ...layer, backward: true },
  { kind: 'step', batch: 2, time: 16, labelled: 1 },
];

/**
 * How often this library and plain tfjs ops make WebGPU run a shader. No time: that a software
 * driver can tell, too.
 * @returns no rows where there is no such driver
 */
export async function benchDispatches(origin: Origin, python: string): Promise<ResultRow[]> {
  const env = softwareVulkan();
  if (!env) return [];
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-narrow-'));
  const rivals: Rival[] = [];
  try {
    await makeModel(python, folder, NARROW);
    for (const name of ['ours', 'plain'] as const) {
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
  const start = performance.now();
  const dispatches: Record<string, number | undefined> = {};
  for (const rival of rivals) {
    await rival.prepare('job', work);
    dispatches[rival.name] = (await rival.ask({ count: 'job' })).count;
    await rival.ask({ release: true });
  }
  const { ours = NaN, plain = NaN } = dispatches;
  return {
    ...{ ...origin, device: `${origin.device}; software driver` },
    seconds: round((performance.now() - start) / 1000, 1),
    ...{ what: 'dispatches', name: `dispatches, ${nameOf(work)}`, dispatches },
    plainOverOurs: round(plain / ours, 3),
  };
}
