import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ResultRow, resultsFile } from '../../../course/shipped';
import { makeBatch } from '../../../train/data';
import { provenance, withSeconds, writeRows } from '../../measure';
import { DISTILGPT2 } from '../rivals/shapes';
import { memoryRunInProcess } from './memory-run';
import { writeRandomModel } from './random-model';

const TOKENS = [256, 512, 1024, 2048];
const STEPS = 5;
const RANK = 8;

/**
 * Measures memory and time of LoRA on one row of 256 to 2,048 tokens, on random weights in
 * distilgpt2's shape, without checkpoints of blocks and with them. Writes to data/results/.
 * @param command for the rows: as the user typed it
 */
export async function benchLongRows(command: string): Promise<void> {
  const origin = { command, ...(await provenance()), seed: 1 };
  const rows: ResultRow[] = [];
  const folder = mkdtempSync(path.join(tmpdir(), 'distilgpt2-long-'));
  try {
    await writeRandomModel(folder, { ...DISTILGPT2.config, n_positions: Math.max(...TOKENS) });
    for (const tokens of TOKENS) {
      for (const checkpointBlocks of [false, true]) {
        const batches = Array.from({ length: STEPS }, () => rowOf(tokens));
        const run = { folder, method: 'lora', r: RANK, batches, checkpointBlocks } as const;
        const { result, seconds } = await withSeconds(() => memoryRunInProcess(run));
        rows.push({ ...origin, seconds, tokens, checkpointBlocks, r: RANK, ...result });
        console.log(tokens, checkpointBlocks, result);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  await writeRows(resultsFile('checkpoint-memory'), rows);
}

/** Makes a batch of one row; every token but the first has a label. */
function rowOf(tokens: number) {
  const ids = Array.from({ length: tokens }, (_, i) => (7919 * (i + 1)) % DISTILGPT2.vocabSize);
  return makeBatch([{ ids, labels: ids }]);
}
