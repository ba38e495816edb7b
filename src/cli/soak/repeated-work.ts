import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadAdapter, savePretrained } from '../../adapter/peft';
import { solverRows } from '../../course/task';
import { injectLora, removeLora } from '../../lora';
import { generateText } from '../../model/transformer';
import { memory } from '../../tensor/runtime';
import { type Batch, completionLoss, drawBatches, encodeRows } from '../../train/data';
import { adamW, train } from '../../train/loop';
import { mean } from '../../course/measure';
import { openBase, round, runIfChild } from '../measure';

/** What is done again and again, by its name in the table. */
export const WORKS = ['training step', 'load and free of an adapter', 'generation'] as const;
export type WorkName = (typeof WORKS)[number];

/** What work done many times leaves behind. */
export interface Leftover {
  tensors: number;
  bytes: number;
  /** of TensorFlow's own; null on other accelerators */
  nativeHandles: number | null;
  /** growth of the process's memory from the first tenth of the times to the last, in percent */
  growthPercent: number;
}

/**
 * Times before anything is counted: code is compiled and caches are filled. TensorFlow keeps memory
 * for each shape of a batch, and a training meets the last of them after some hundred steps.
 */
const WARM_UP: Record<WorkName, number> = {
  'training step': 400,
  'load and free of an adapter': 50,
  generation: 50,
};
const SAMPLES = 100;
const SEED = 1;
const ADAPTER = { targetModules: 'all-linear', r: 8, alpha: 32 } as const;

type Once = () => Promise<unknown>;

const PREPARE: Record<WorkName, () => Promise<Once>> = {
  'training step': async () => {
    const { model, tokenizer } = await openBase();
    injectLora(model, ADAPTER);
    const examples = encodeRows(tokenizer, solverRows({ split: 'train', seed: SEED, count: 2000 }));
    const training = train({
      module: model,
      loss: (batch: Batch) => completionLoss(model, batch),
      batches: drawBatches(examples, { size: 8, seed: SEED }),
      optimizer: adamW({ learningRate: 1e-3 }),
      steps: Number.MAX_SAFE_INTEGER,
      maxGradientNorm: 1,
    });
    return () => training.next();
  },
  'load and free of an adapter': async () => {
    const { model } = await openBase();
    const folder = mkdtempSync(path.join(tmpdir(), 'soak-'));
    process.on('exit', () => rmSync(folder, { recursive: true }));
    injectLora(model, ADAPTER);
    await savePretrained(model, folder);
    removeLora(model);
    return async () => {
      await loadAdapter(model, folder);
      removeLora(model);
    };
  },
  generation: async () => {
    const { model, tokenizer } = await openBase();
    return () => generateText(model, tokenizer, 'Tom has 3 pens and', { maxNewTokens: 20 });
  },
};

/** Does a work `times` times in this process. */
async function repeat(work: WorkName, times: number): Promise<Leftover> {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const once = await PREPARE[work]();
  for (let i = 0; i < WARM_UP[work]; i++) await once();
  const before = memory();
  const resident: number[] = [];
  for (let i = 1; i <= times; i++) {
    await once();
    if (i % Math.ceil(times / SAMPLES) > 0) continue;
    collectGarbage();
    resident.push(process.memoryUsage.rss());
  }
  const after = memory();
  const tenth = Math.ceil(resident.length / 10);
  const [first, last] = [mean(resident.slice(0, tenth)), mean(resident.slice(-tenth))];
  return {
    tensors: after.tensors - before.tensors,
    bytes: after.bytes - before.bytes,
    nativeHandles: after.nativeHandles && after.nativeHandles - (before.nativeHandles ?? 0),
    growthPercent: round(100 * (last / first - 1), 2),
  };
}

runIfChild(async ([work, times], tell) => {
  tell({ row: await repeat(work as WorkName, times as number) });
});
