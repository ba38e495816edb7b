import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import type { ResultRow } from '../../course/shipped';
import type { AcceleratorName } from '../../tensor/runtime';
import { machineAndCommit, round, withSeconds } from '../measure';
import { peftPython } from '../setup';
import { compare, type Comparison } from './compare';
import { benchDispatches } from './dispatches';
import { FULL, MACHINE, MEMORY, SHORT } from './plan';
import { DISTILGPT2 } from './rivals/distilgpt2';
import { makeModel, Rival, type RivalName } from './rivals/rival-process';
import { comparisonRow, machineRow, memoryRow, type Origin } from './rows';

/** How to start the rivals on one accelerator, each in a process of its own. */
type Starts = [name: RivalName, start: () => Promise<Rival>][];

/**
 * Compares this library with PyTorch and PEFT, and with tfjs ops, on every accelerator of this
 * machine: first times, in turn within one run, then memory.
 * @param onRow called with each row as it is measured
 * @throws SetupError if PEFT is not installed
 */
export async function benchRivals(
  command: string,
  onRow: (row: ResultRow) => void,
): Promise<ResultRow[]> {
  const python = peftPython();
  const loadBefore = round(loadavg()[0] ?? NaN, 1);
  const origin = { command, ...machineAndCommit(), seed: 1, loadBefore };
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const rows: ResultRow[] = [];
  const keep = (row: ResultRow) => (rows.push(row), onRow(row));
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

/** PyTorch runs on the device of the accelerator; there is no comparison with it for WebAssembly. */
function rivalsOn(backend: AcceleratorName, python: string, folder: string): Starts {
  const inNode = (name: 'ours' | 'tfjs' | 'reference'): Starts[number] => [
    name,
    () => Rival.ofNode(name, folder, { LORA_BACKEND: backend }),
  ];
  if (backend === 'wasm') return [inNode('ours'), inNode('tfjs')];
  const device = backend === 'cpu-native' ? 'cpu' : 'cuda';
  const peft = () => Rival.ofPython(python, folder, device);
  return [['peft', peft], inNode('ours'), inNode('tfjs'), inNode('reference')];
}

/** Finds hardware GPUs: the accelerator chosen by default, and the one chosen without CUDA. */
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
    const { result, seconds } = await withSeconds(() => compare(all, comparison));
    for (const one of result) {
      keep(comparisonRow({ ...place, seconds }, one, result, rounds, rates));
    }
  }
  for (const rival of rivals) await rival.stop();
}

/** Starts one process after the other, so that each peak belongs to one rival. */
async function measureMemory(
  origin: Origin,
  starts: Starts,
  keep: (row: ResultRow) => void,
): Promise<void> {
  const peaks: Record<string, { start: number | null; peak: number | null }> = {};
  const { seconds } = await withSeconds(async () => {
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
