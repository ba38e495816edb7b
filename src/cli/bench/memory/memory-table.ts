import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BASE, type ResultRow, resultsFile } from '../../../course/shipped';
import { solverRows } from '../../../course/task';
import { type TensorToWrite, writeSafetensors } from '../../../files/safetensors';
import { loadTokenizer } from '../../../model';
import { type GPT2Config, readConfig, weightLayout } from '../../../model/gpt2';
import { Random, read } from '../../../tensor/runtime';
import { type Batch, drawBatches, encodeRows, makeBatch } from '../../../train/data';
import { provenance, runInProcess, withSeconds, writeRows } from '../../measure';
import { DISTILGPT2 } from '../rivals/shapes';
import type { MemoryRow, MemoryRun } from './memory-run';
import { quantizationErrors } from './quantization-errors';

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
    await writeRandomModel(random);
    for (const base of ['shipped', "distilgpt2's shape"] as const) {
      const [folder, batches] = base === 'shipped' ? await shipped() : [random, randomBatches()];
      for (const method of METHODS) {
        const run = { folder, method, r: RANK, batches };
        const { result, seconds } = await withSeconds(() => measureInProcess(run));
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

/** Writes weights from N(0, 0.02²), a draw of a million repeated, in float16 as most files have. */
async function writeRandomModel(folder: string): Promise<void> {
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(DISTILGPT2.config));
  const config: GPT2Config = await readConfig(path.join(folder, 'config.json'));
  const noise = new Random(1).normal([1_000_003], 0, 0.02);
  const values = await read(noise);
  noise.dispose();
  const tensors = new Map<string, TensorToWrite>();
  for (const [name, shape] of weightLayout(config).shapes) {
    const size = shape.reduce((product, length) => product * length, 1);
    const some = new Float32Array(size);
    for (let i = 0; i < size; i += values.length) some.set(values.subarray(0, size - i), i);
    tensors.set(name, { shape, values: some, dtype: 'F16' });
  }
  await writeSafetensors(path.join(folder, 'model.safetensors'), tensors, { format: 'pt' });
}

/** Runs in a process of its own, whose resident memory is that of this run alone. */
function measureInProcess(run: MemoryRun): Promise<MemoryRow> {
  return runInProcess(path.join(__dirname, 'memory-run.js'), [run]);
}
