import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BASE, resultsFile } from '../../course/shipped';
import { solverRows } from '../../course/task';
import { type TensorToWrite, writeSafetensors } from '../../files/safetensors';
import { loadTokenizer } from '../../model';
import { type GPT2Config, readConfig, weightShapes } from '../../model/gpt2';
import { Random, read } from '../../tensor/runtime';
import { type Batch, drawBatches, encodeRows, makeBatch } from '../../train/data';
import { provenance, runInProcess, writeRows } from '../measure';
import { DISTILGPT2 } from './distilgpt2';
import type { MemoryRow, MemoryRun } from './memory-run';
import { quantizationErrors } from './quantization-errors';

const STEPS = 5;
const RANK = 8;
const METHODS = ['full', 'lora', 'qlora'] as const;

/**
 * Measures what full fine-tuning, LoRA and QLoRA take, in memory and in time, on the shipped base and
 * on random weights in distilgpt2's shape, and what rounding to 4 bits costs; into data/results/.
 * @param command for the rows: what the user typed
 * @returns 0
 */
export async function memoryTable(command: string): Promise<number> {
  const origin = { command, ...(await provenance()), seed: 1 };
  const rows: object[] = [];
  const random = mkdtempSync(path.join(tmpdir(), 'distilgpt2-shape-'));
  try {
    await writeRandomModel(random);
    for (const base of ['shipped', "distilgpt2's shape"] as const) {
      const [folder, batches] = base === 'shipped' ? await shipped() : [random, randomBatches()];
      for (const method of METHODS) {
        const start = performance.now();
        const row = await measureApart({ folder, method, r: RANK, batches });
        const seconds = Math.round((performance.now() - start) / 1000);
        rows.push({ ...origin, seconds, base, method, r: RANK, steps: STEPS, ...row });
        console.log(base, method, row);
      }
    }
  } finally {
    rmSync(random, { recursive: true });
  }
  await writeRows(resultsFile('qlora-memory'), rows as never);
  const start = performance.now();
  const errors = await quantizationErrors();
  const seconds = Math.round((performance.now() - start) / 1000);
  const errorRows = errors.map((row) => ({ ...origin, seconds, base: 'shipped', ...row }));
  await writeRows(resultsFile('quantization-error'), errorRows);
  console.table(errors);
  return 0;
}

async function shipped(): Promise<[string, Batch[]]> {
  const tokenizer = await loadTokenizer(BASE, await readConfig(path.join(BASE, 'config.json')));
  const examples = encodeRows(tokenizer, solverRows({ split: 'train', seed: 1, count: 1000 }));
  const batches = drawBatches(examples, { size: 16, seed: 1 });
  return [BASE, Array.from({ length: STEPS }, () => batches.next().value)];
}

/** Four rows of 128 tokens; all but the first have a label. */
function randomBatches(): Batch[] {
  const { vocab_size: vocabSize } = DISTILGPT2;
  return Array.from({ length: STEPS }, (_, step) =>
    makeBatch(
      Array.from({ length: 4 }, (_, row) => ({
        prompt: [row + 1],
        completion: Array.from({ length: 127 }, (_, i) => (7919 * (i + 128 * step)) % vocabSize),
      })),
    ),
  );
}

/** Weights from N(0, 0.02²), one draw of a million over and over; half precision, as most files. */
async function writeRandomModel(folder: string): Promise<void> {
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(DISTILGPT2));
  const config: GPT2Config = await readConfig(path.join(folder, 'config.json'));
  const noise = new Random(1).normal([1_000_003], 0, 0.02);
  const values = await read(noise);
  noise.dispose();
  const tensors = new Map<string, TensorToWrite>();
  for (const [name, shape] of weightShapes(config)) {
    const size = shape.reduce((product, length) => product * length, 1);
    const some = new Float32Array(size);
    for (let i = 0; i < size; i += values.length) some.set(values.subarray(0, size - i), i);
    tensors.set(name, { shape, values: some, dtype: 'F16' });
  }
  await writeSafetensors(path.join(folder, 'model.safetensors'), tensors, { format: 'pt' });
}

/** In a process of its own: its resident memory is this run's alone. */
function measureApart(run: MemoryRun): Promise<MemoryRow> {
  return runInProcess(path.join(__dirname, 'memory-run.js'), [run]);
}
