import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import type { ResultRow } from '../../course/shipped';
import type { AcceleratorName } from '../../tensor/runtime';
import { machineAndCommit, round } from '../measure';
import { peftPython } from '../setup';
import { compare, type Comparison } from './compare';
import { benchDispatches } from './dispatches';
import { DISTILGPT2 } from './distilgpt2';
import { FULL, MACHINE, MEMORY, SHORT } from './plan';
import { makeModel, Rival, type RivalName } from './rival-process';
import { comparisonRow, machineRow, memoryRow, type Origin } from './rows';

/** How the rivals on an accelerator are started, each a process of its own. */
type Starts = [name: RivalName, start: () => Promise<Rival>][];

/**
 * This library against PyTorch with PEFT and against plain tfjs ops, on every accelerator of this
 * machine: time in turn within one run, then memory.
 * @param tell is told each row as it is measured
 * @throws SetupError if PEFT is not there
 */
export async function benchRivals(
  command: string,
  tell: (row: ResultRow) => void,
): Promise<ResultRow[]> {
  const python = peftPython();
  const loadBefore = round(loadavg()[0] ?? NaN, 1);
  const origin = { command, ...machineAndCommit(), seed: 1, loadBefore };
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const rows: ResultRow[] = [];
  const keep = (row: ResultRow) => (rows.push(row), tell(row));
  try {
    await makeModel(python, folder, DISTILGPT2);
    for (const backend of ['cpu-native', 'wasm', ...(await findGpus(folder))] as const) {
      const starts = rivalsOn(backend, python, folder);
      await measureTimes({ ...origin, backend }, starts, backend === 'wasm' ? SHORT : FULL, keep);
      if (backend === 'cpu-native') await measureMemory({ ...origin, backend }, starts, keep);
    }
    for (const row of await benchDispatches({ ...origin, backend: 'webgpu' }, python)) keep(row);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rows;
}

/** PyTorch computes where the accelerator does; nobody would run it on one thread for wasm's sake. */
function rivalsOn(backend: AcceleratorName, python: string, folder: string): Starts {
  const inNode = (name: 'ours' | 'plain' | 'reference'): Starts[number] => [
    name,
    () => Rival.ofNode(name, folder, { LORA_BACKEND: backend }),
  ];
  if (backend === 'wasm') return [inNode('ours'), inNode('plain')];
  const device = backend === 'cpu-native' ? 'cpu' : 'cuda';
  const peft = () => Rival.ofPython(python, folder, device);
  return [['peft', peft], inNode('ours'), inNode('plain'), inNode('reference')];
}

/** The GPUs that are none in software: what is chosen where nothing is forced, and behind CUDA. */
async function findGpus(folder: string): Promise<AcceleratorName[]> {
  const found = new Set<string>();
  for (const env of [{}, { CUDA_VISIBLE_DEVICES: '-1' }]) {
    const rival = await Rival.ofNode('ours', folder, { LORA_BACKEND: '', ...env });
    found.add(rival.started.backend);
    await rival.stop();
  }
  return (['cuda', 'webgpu'] as const).filter((name) => found.has(name));
}

async function measureTimes(
  origin: Origin,
  starts: Starts,
  comparisons: readonly Comparison[],
  keep: (row: ResultRow) => void,
): Promise<void> {
  const rivals: Rival[] = [];
  for (const [, start] of starts) rivals.push(await start());
  const devices = new Set([origin.device, ...rivals.map(({ started }) => started.device)]);
  const place = { ...origin, device: [...devices].join('; ') };
  const own = rivals.filter(({ name }) => name === 'ours');
  const machine = await compare(own, { works: Object.values(MACHINE), rounds: 5 });
  const { row, rates } = machineRow(place, machine);
  keep(row);
  for (const comparison of comparisons) {
    const { rounds, withReference } = comparison;
    const all = rivals.filter(({ name }) => withReference || name !== 'reference');
    const { result, seconds } = await timed(() => compare(all, comparison));
    for (const one of result) {
      keep(comparisonRow({ ...place, seconds }, one, result, rounds, rates));
    }
  }
  for (const rival of rivals) await rival.stop();
}

/** One process after the other: what each needs is its own. */
async function measureMemory(
  origin: Origin,
  starts: Starts,
  keep: (row: ResultRow) => void,
): Promise<void> {
  const peaks: Record<string, { start: number | null; peak: number | null }> = {};
  const { seconds } = await timed(async () => {
    for (const [name, start] of starts) {
      if (name === 'reference') continue;
      const rival = await start();
      const atStart = rival.peakMegabytes();
      await rival.prepare('step', MEMORY.work);
      for (let step = 0; step < MEMORY.steps; step++) await rival.milliseconds('step', 1);
      peaks[name] = { start: atStart, peak: rival.peakMegabytes() };
      await rival.stop();
    }
  });
  keep(memoryRow({ ...origin, seconds }, peaks));
}

async function timed<T>(run: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const start = performance.now();
  const result = await run();
  return { result, seconds: round((performance.now() - start) / 1000, 1) };
}
