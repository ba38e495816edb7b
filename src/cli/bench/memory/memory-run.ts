import path from 'node:path';
import { resourceUsage } from 'node:process';
import { injectLora } from '../../../lora';
import { loadModel } from '../../../model';
import type { LanguageModel } from '../../../model/transformer';
import { countParameters } from '../../../tensor/nn';
import { memoryReport, quantizedLinear } from '../../../tensor/quant';
import { memory, peakBytes, useAccelerator } from '../../../tensor/runtime';
import { type Batch, completionLoss } from '../../../train/data';
import { adamW, train } from '../../../train/loop';
import { quantiles } from '../../../course/measure';
import { round, runIfChild, runInProcess } from '../../measure';

/** A model trained for a few steps by one method. */
export interface MemoryRun {
  /** the folder of the model */
  folder: string;
  method: 'full' | 'lora' | 'qlora';
  /** the adapters' rank */
  r: number;
  batches: Batch[];
  /** false unless given */
  checkpointBlocks?: boolean;
}

/** Bytes are those of live tensors; resident memory is in megabytes (10^6 bytes). */
export interface MemoryRow {
  parameters: number;
  trainable: number;
  baseBytes: number;
  /** null if the whole base is in float32 */
  bitsPerWeight: number | null;
  adapterBytes: number;
  optimizerBytes: number;
  /** the peak of a step without base, adapter and optimiser: activations, gradients, temporaries */
  stepPeakBytes: number;
  /** the peak of tensors while loading, and the peak of the process until then */
  loadPeakBytes: number;
  loadPeakResidentMegabytes: number;
  peakResidentMegabytes: number;
  /** the median, without the first step */
  stepSeconds: number;
}

/** Loads, adapts and trains the model of a run, and measures each part. */
export async function memoryRun(run: MemoryRun): Promise<MemoryRow> {
  const { folder, method, r, batches, checkpointBlocks = false } = run;
  await useAccelerator();
  const linear = quantizedLinear({ doubleQuantize: true });
  const options = method === 'qlora' ? { linear } : {};
  const { result: model, peakBytes: loadPeakBytes } = await peakBytes(() =>
    loadModel(folder, options),
  );
  const loadPeakResidentMegabytes = residentMegabytes();
  const { bytes: baseBytes, packedBytes, packedWeights } = memoryReport(model);
  if (method !== 'full') injectLora(model, { targetModules: 'all-linear', r, alpha: 32 });
  model.checkpointBlocks = checkpointBlocks;
  const loaded = memory().bytes;
  const { result: seconds, peakBytes: peak } = await peakBytes(() => trainSome(model, batches));
  const { trainable, total } = countParameters(model);
  const adapterBytes = method === 'full' ? 0 : 4 * trainable;
  // Two moments for each parameter; everything else is freed after the step.
  const optimizerBytes = memory().bytes - loaded;
  return {
    parameters: total,
    trainable,
    baseBytes,
    bitsPerWeight: packedWeights === 0 ? null : round((8 * packedBytes) / packedWeights, 4),
    adapterBytes,
    optimizerBytes,
    stepPeakBytes: peak - optimizerBytes,
    loadPeakBytes,
    loadPeakResidentMegabytes,
    peakResidentMegabytes: residentMegabytes(),
    stepSeconds: round(quantiles(seconds.slice(1), 0.5)[0], 3),
  };
}

/** Does so in a process of its own, whose resident memory is that of this run alone. */
export function memoryRunInProcess(run: MemoryRun): Promise<MemoryRow> {
  return runInProcess(path.join(__dirname, 'memory-run.js'), [run]);
}

/** Trains one step for each batch, and keeps the optimiser's state. @returns the seconds of each step */
async function trainSome(model: LanguageModel, batches: Batch[]): Promise<number[]> {
  const seconds: number[] = [];
  const training = train({
    module: model,
    loss: (batch: Batch) => completionLoss(model, batch),
    batches,
    optimizer: adamW({ learningRate: 1e-4 }),
    steps: batches.length,
    maxGradientNorm: 1,
  });
  for await (const step of training) seconds.push(step.seconds);
  return seconds;
}

function residentMegabytes(): number {
  return Math.round((resourceUsage().maxRSS * 1024) / 1e6);
}

runIfChild(async ([run], tell) => tell({ row: await memoryRun(run as MemoryRun) }));
