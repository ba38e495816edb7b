import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BASE, type ResultRow, resultsFile } from '../../../course/shipped';
import { solverRows } from '../../../course/task';
import { loadTokenizer } from '../../../model';
import { readConfig } from '../../../model/gpt2';
import { type Batch, drawBatches, encodeRows, makeBatch } from '../../../train/data';
import { provenance, withSeconds, writeRows } from '../../measure';
import { DISTILGPT2 } from '../rivals/shapes';
import { memoryRunInProcess } from './memory-run';
import { quantizationErrors } from './quantization-errors';
import { writeRandomModel } from './random-model';

const STEPS = 5;
const RANK = 8;
const METHODS = ['full', 'lora', 'qlora'] as const;

/**
 * Measures memory and time of full fine-tuning, LoRA and QLoRA, on the shipped base and on random
 * weights in distilgpt2's shape, then the error of rounding to 4 bits. Writes to data/results/.
 * @param command for the rows: as the user typed it
 */
export async function benchMemory(command: string): Promise<void> {
  const origin = { command, ...(await provenance()), seed: 1 };
  const rows: ResultRow[] = [];
  const random = mkdtempSync(path.join(tmpdir(), 'distilgpt2-shape-'));
  try {
    await writeRandomModel(random, DISTILGPT2.config);
    for (const base of ['shipped', "distilgpt2's shape"] as const) {
      const [folder, batches] = base === 'shipped' ? await shipped() : [random, randomBatches()];
      for (const method of METHODS) {
        const run = { folder, method, r: RANK, batches };
        const { result, seconds } = await withSeconds(() => memoryRunInProcess(run));
        rows.push({ ...origin, seconds, base, method, r: RANK, steps: STEPS, ...result });
        console.log(base, method, result);
      }
    }
  } finally {
    rmSync(random, { recursive: true });
  }
  await writeRows(resultsFile('qlora-memory'), rows);
  const { result: errors, seconds } = await withSeconds(quantizationErrors);
  const errorRows = errors.map((row) => ({ ...origin, seconds, base: 'shipped', ...row }));
  await writeRows(resultsFile('quantization-error'), errorRows);
  console.table(errors);
}

async function shipped(): Promise<[string, Batch[]]> {
  const tokenizer = await loadTokenizer(BASE, await readConfig(path.join(BASE, 'config.json')));
  const examples = encodeRows(tokenizer, solverRows({ split: 'train', seed: 1, count: 1000 }));
  const batches = drawBatches(examples, { size: 16, seed: 1 });
  return [BASE, Array.from({ length: STEPS }, () => batches.next().value)];
}

/** Makes batches of four rows of 128 tokens; every token but the first has a label. */
function randomBatches(): Batch[] {
  const { vocabSize } = DISTILGPT2;
  return Array.from({ length: STEPS }, (_, step) =>
    makeBatch(
      Array.from({ length: 4 }, (_, row) => {
        const drawn = Array.from({ length: 127 }, (_, i) => (7919 * (i + 128 * step)) % vocabSize);
        const ids = [row + 1, ...drawn];
        return { ids, labels: ids };
      }),
    ),
  );
}
