import path from 'node:path';
import { type ResultRow, resultsFile, smolLM2Gguf } from '../../../course/shipped';
import { provenance, runInProcess, withSeconds, writeRows } from '../../measure';
import type { PackedRow } from './packed-run';

/**
 * Measures the memory of SmolLM2 from a GGUF file of 4 bits, widened and as it is, each in a process
 * of its own, while it loads and in steps of LoRA. Writes to data/results/.
 * @param command for the rows: as the user typed it
 */
export async function benchPacked(command: string): Promise<void> {
  await smolLM2Gguf({ say: console.log });
  const origin = { command, ...(await provenance()), seed: 1 };
  const rows: ResultRow[] = [];
  for (const weights of ['widened', 'packed'] as const) {
    const script = path.join(__dirname, 'packed-run.js');
    const { result, seconds } = await withSeconds(() =>
      runInProcess<PackedRow>(script, [weights === 'packed']),
    );
    rows.push({ ...origin, seconds, weights, ...result });
    console.log(weights, result);
  }
  await writeRows(resultsFile('packed-memory'), rows);
}
