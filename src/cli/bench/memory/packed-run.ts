import { resourceUsage } from 'node:process';
import { quantiles } from '../../../course/measure';
import { smolLM2Gguf } from '../../../course/shipped';
import { injectLora } from '../../../lora';
import { loadModel } from '../../../model';
import { packedLinear } from '../../../tensor/quant';
import { memory, useAccelerator } from '../../../tensor/runtime';
import { completionLoss, makeBatch, repeat } from '../../../train/data';
import { adamW, train } from '../../../train/loop';
import { round, runIfChild } from '../../measure';

const STEPS = 6;
const TOKENS = 128;

/** Resident memory of a process, in megabytes (10^6 bytes), while it loads and adapts SmolLM2. */
export interface PackedRow {
  /** before anything is loaded */
  startMegabytes: number;
  /** of the tensors of the model */
  weightMegabytes: number;
  /** at most, until the model is loaded */
  loadPeakMegabytes: number;
  /** at most, until the steps are done */
  stepPeakMegabytes: number;
  /** the median, without the first step */
  stepSeconds: number;
}

/** Loads SmolLM2 from its GGUF file, and trains an adapter of rank 8 on q_proj and v_proj. */
async function packedRun(isPacked: boolean): Promise<PackedRow> {
  await useAccelerator();
  const startMegabytes = peakMegabytes();
  const model = await loadModel(await smolLM2Gguf(), isPacked ? { linear: packedLinear } : {});
  const loadPeakMegabytes = peakMegabytes();
  const weightMegabytes = Math.round(memory().bytes / 1e6);
  injectLora(model, { targetModules: ['q_proj', 'v_proj'], r: 8, alpha: 16, seed: 1 });
  const ids = Array.from({ length: TOKENS }, (_, i) => (7919 * i) % model.config.vocabSize);
  const training = train({
    module: model,
    loss: (batch) => completionLoss(model, batch),
    batches: repeat([makeBatch([{ ids, labels: ids }])]),
    optimizer: adamW({ learningRate: 1e-4 }),
    steps: STEPS,
  });
  const seconds: number[] = [];
  for await (const step of training) seconds.push(step.seconds);
  return {
    startMegabytes,
    weightMegabytes,
    loadPeakMegabytes,
    stepPeakMegabytes: peakMegabytes(),
    stepSeconds: round(quantiles(seconds.slice(1), 0.5)[0] ?? NaN, 3),
  };
}

/** The most memory that this process has had. */
function peakMegabytes(): number {
  return Math.round((resourceUsage().maxRSS * 1024) / 1e6);
}

runIfChild(async ([isPacked], tell) => tell({ row: await packedRun(isPacked === true) }));
