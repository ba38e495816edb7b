import { type ResultRow, resultsFile } from '../../course/shipped';
import { ArgumentError } from '../../tensor/errors';
import { writeRows } from '../measure';
import { makePeftPython } from '../setup';
import { benchRivals } from './against-rivals';
import { benchMixedBatch } from './mixed-batch';

/** What can be measured, by the argument. */
const BENCHES: Record<string, () => Promise<void>> = {
  '': rivals,
  adapters,
  setup: async () => void (await makePeftPython()),
};

/**
 * Measures speed, as ratios within one run, and writes the rows into data/results/.
 * @param args none: this library against PyTorch with PEFT; `adapters`: a mixed batch of three
 *   adapters; `setup`: nothing, but gets PyTorch and PEFT
 * @returns 0
 */
export async function bench(args: string[]): Promise<number> {
  const run = BENCHES[args.join(' ')];
  if (!run) {
    throw new ArgumentError(
      `bench: what to measure must be adapters, or nothing named, got "${args.join(' ')}".`,
    );
  }
  await run();
  return 0;
}

async function rivals(): Promise<void> {
  const tell = ({ backend, name }: ResultRow) => console.log(`${backend}: ${String(name)}`);
  const rows = await benchRivals('npm run bench', tell);
  console.table(
    rows.map(({ backend, name, peftOverOurs, plainOverOurs, oursOverPeft, ...row }) => ({
      ...{ backend, name, 'PEFT / ours': peftOverOurs, 'plain / ours': plainOverOurs },
      ...{ 'ours / PEFT': oursOverPeft },
      'ours / base layer': (row.overBase as { ours: number } | undefined)?.ours,
    })),
  );
  await writeRows(resultsFile('bench'), rows);
}

async function adapters(): Promise<void> {
  const rows = await benchMixedBatch('npm run bench -- adapters');
  console.table(
    rows.map(({ what, targets, rowsPerAdapter, threeOverMixed, mixedOverOne, mixedOverBase }) => ({
      ...{ what, targets, 'rows per adapter': rowsPerAdapter },
      ...{ 'three passes / mixed': threeOverMixed },
      ...{ 'mixed / one adapter': mixedOverOne, 'mixed / base': mixedOverBase },
    })),
  );
  await writeRows(resultsFile('bench-adapters'), rows);
}
