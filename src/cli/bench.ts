import { resultsFile } from '../finetune';
import { ArgumentError } from '../runtime';
import { benchAdapters } from './bench-adapters';
import { writeRows } from './results';

/**
 * Measures speed, as ratios within one run, and writes the rows into data/results/.
 * @param args `adapters`: a mixed batch of three adapters
 * @returns 0
 */
export async function bench(args: string[]): Promise<number> {
  const [name, ...more] = args;
  if (name !== 'adapters' || more.length > 0) {
    throw new ArgumentError(`bench: what to measure must be adapters, got "${args.join(' ')}".`);
  }
  const rows = await benchAdapters(`npm run bench -- ${name}`);
  console.table(
    rows.map(({ what, targets, rowsPerAdapter, threeOverMixed, mixedOverOne, mixedOverBase }) => ({
      ...{ what, targets, 'rows per adapter': rowsPerAdapter },
      ...{ 'three passes / mixed': threeOverMixed },
      ...{ 'mixed / one adapter': mixedOverOne, 'mixed / base': mixedOverBase },
    })),
  );
  await writeRows(resultsFile(`bench-${name}`), rows);
  return 0;
}
