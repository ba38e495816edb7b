import { type ResultRow, resultsFile } from '../../course/shipped';
import { ArgumentError } from '../../tensor/errors';
import { writeRows } from '../measure';
import { makePeftPython } from '../setup';
import { benchRivals, benchSmolLM2 } from './against-rivals';
import { benchLongRows } from './memory/long-rows';
import { benchMemory } from './memory/memory-table';
import { benchPacked } from './memory/packed';
import { benchMixedBatch } from './mixed-batch';

/** The measurements by the argument that names them. */
const BENCHES: Record<string, () => Promise<void>> = {
  '': async () => (await rivals(), await smollm2('npm run bench')),
  adapters,
  smollm2: () => smollm2('npm run bench -- smollm2'),
  memory: () => benchMemory('npm run bench -- memory'),
  packed: () => benchPacked('npm run bench -- packed'),
  rows: () => benchLongRows('npm run bench -- rows'),
  setup: async () => void (await makePeftPython()),
};

/**
 * Measures speed, as ratios within one run, or memory, and writes the rows to data/results/.
 * @param args none compares this library with PyTorch and PEFT; `smollm2` only in the shape of
 *   SmolLM2-135M; `adapters` measures a mixed batch of three adapters; `memory` the memory of a
 *   training step; `packed` that of a GGUF file as it is; `rows` that of long rows, with checkpoints
 *   of blocks and without; `setup` only installs PyTorch and PEFT
 * @returns 0
 */
export async function bench(args: string[]): Promise<number> {
  const run = BENCHES[args.join(' ')];
  if (!run) {
    const names = Object.keys(BENCHES).filter(Boolean).join(', ');
    throw new ArgumentError(
      `bench: the measurement must be one of ${names}, or none, got "${args.join(' ')}".`,
    );
  }
  await run();
  return 0;
}

async function rivals(): Promise<void> {
  const rows = await benchRivals('npm run bench', tell);
  showRatios(rows);
  await writeRows(resultsFile('bench'), rows);
}

async function smollm2(command: string): Promise<void> {
  const rows = await benchSmolLM2(command, tell);
  showRatios(rows);
  await writeRows(resultsFile('bench-smollm2'), rows);
}

function tell({ backend, name }: ResultRow): void {
  console.log(`${backend}: ${String(name)}`);
}

function showRatios(rows: readonly ResultRow[]): void {
  console.table(
    rows.map(({ backend, name, peftOverOurs, tfjsOverOurs, oursOverPeft, overBase }) => ({
      backend,
      name,
      'PEFT / ours': peftOverOurs,
      'tfjs ops / ours': tfjsOverOurs,
      'ours / PEFT': oursOverPeft,
      'ours / base layer': (overBase as { ours: number } | undefined)?.ours,
    })),
  );
}

async function adapters(): Promise<void> {
  const rows = await benchMixedBatch('npm run bench -- adapters');
  console.table(
    rows.map(({ what, targets, rowsPerAdapter, threeOverMixed, mixedOverOne, mixedOverBase }) => ({
      what,
      targets,
      'rows per adapter': rowsPerAdapter,
      'three passes / mixed': threeOverMixed,
      'mixed / one adapter': mixedOverOne,
      'mixed / base': mixedOverBase,
    })),
  );
  await writeRows(resultsFile('bench-adapters'), rows);
}
