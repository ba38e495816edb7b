import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ResultRow } from '../finetune';
import type { AcceleratorName } from '../runtime';
import { type Compared, compare, type Comparison } from './bench-compare';
import { FULL, MACHINE, MEMORY, SHORT } from './bench-plan';
import { OFFLINE, PEFT_SCRIPT, Rival } from './bench-rival';
import { comparisonRow, machineRow, memoryRow, type Origin } from './bench-rows';
import { DISTILGPT2 } from './distilgpt2';
import { peftPython } from './interop';
import { provenance, round } from './results';

/** Starts the rivals that are compared on an accelerator, each a process of its own. */
type Start = (() => Promise<Rival>)[];

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
  const origin = { command, ...(await provenance()), seed: 1 };
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const rows: ResultRow[] = [];
  const keep = (row: ResultRow) => (rows.push(row), tell(row));
  try {
    const make = [PEFT_SCRIPT, 'make', folder, JSON.stringify(DISTILGPT2)];
    await promisify(execFile)(python, make, { env: { ...process.env, ...OFFLINE } });
    for (const backend of ['cpu-native', 'wasm', ...(await findGpus(folder))] as const) {
      const start = rivalsOn(backend, python, folder);
      await measureTimes({ ...origin, backend }, start, backend === 'wasm' ? SHORT : FULL, keep);
      if (backend === 'cpu-native') await measureMemory({ ...origin, backend }, start, keep);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rows;
}

/** PyTorch computes where the accelerator does; nobody would run it on one thread for wasm's sake. */
function rivalsOn(backend: AcceleratorName, python: string, folder: string): Start {
  const tfjs = (['ours', 'plain'] as const).map(
    (name) => () => Rival.onAccelerator(name, folder, backend),
  );
  if (backend === 'wasm') return tfjs;
  const device = backend === 'cpu-native' ? 'cpu' : 'cuda';
  return [() => Rival.ofPython(python, folder, device), ...tfjs];
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
  start: Start,
  comparisons: readonly Comparison[],
  keep: (row: ResultRow) => void,
): Promise<void> {
  const rivals: Rival[] = [];
  for (const each of start) rivals.push(await each());
  const own = rivals.filter(({ name }) => name === 'ours');
  const device = own[0]?.started.device ?? '';
  const place = { ...origin, device: `${origin.device}; ${device}` };
  const machine = await compare(own, { works: Object.values(MACHINE), rounds: 5 });
  const { row, rates } = machineRow(place, machine);
  keep(row);
  for (const comparison of comparisons) {
    const { result, seconds } = await timed(() => compare(rivals, comparison));
    for (const one of result) {
      keep(comparisonRow({ ...place, seconds }, one, result, comparison.rounds, rates));
    }
  }
  for (const rival of rivals) await rival.stop();
}

/** One process after the other: what each needs is its own. */
async function measureMemory(
  origin: Origin,
  start: Start,
  keep: (row: ResultRow) => void,
): Promise<void> {
  const peaks: Record<string, { start: number | null; peak: number | null }> = {};
  const { seconds } = await timed(async () => {
    for (const each of start) {
      const rival = await each();
      const atStart = rival.peakMegabytes();
      await rival.prepare('step', MEMORY.work);
      for (let step = 0; step < MEMORY.steps; step++) await rival.milliseconds('step', 1);
      peaks[rival.name] = { start: atStart, peak: rival.peakMegabytes() };
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

export type { Compared };
