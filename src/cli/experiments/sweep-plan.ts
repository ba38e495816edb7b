import type { ResultRow } from '../../course/shipped';
import { ArgumentError } from '../../tensor/errors';

/** The sweeps, named after the setting that they vary. */
export const SWEEPS = ['rank', 'alpha', 'qlora', 'variants'] as const;
export type SweepName = (typeof SWEEPS)[number];

/** What is compared in a sweep: how the model is trained. */
export interface Arm {
  /**
   * `full` trains every weight of the base, `lora` s = alpha / r, `rslora` s = alpha / sqrt(r),
   * `qlora` is `lora` on a base in 4 bits; `dora`, `pissa` and `loraplus` are `lora` with that change
   */
  method: 'full' | 'lora' | 'rslora' | 'qlora' | 'dora' | 'pissa' | 'loraplus';
  r: number | null;
  alpha: number | null;
}

/** One training of an arm on the solver's task, with the seed of adapter and batches. */
interface ArmTraining extends Arm {
  seed: number;
  steps: number;
  learningRate: number;
  /** first digits of the SHA-256 of the base's weights */
  base: string;
}

/** A training that is measured on `testRows` problems of the test set. */
export interface SweepRun extends ArmTraining {
  testRows: number;
}

/** A training that finds an arm's learning rate: it is measured on problems of the validation set. */
export interface SearchRun extends ArmTraining {
  validationRows: number;
}

/** Settings of all runs. */
export const RECIPE = {
  steps: 900,
  /** of the variants */
  fewSteps: 300,
  batchSize: 16,
  warmUp: 20,
  maxGradientNorm: 1,
  trainRows: 8000,
} as const;

/** Learning rates at which each arm is tried before its seeds are run. */
export const RATES = [1e-3, 2e-3, 5e-3, 1e-2, 2e-2];
/** Of LoRA+ the rate of A is tried; that of B is 16 times larger, so their geometric mean is one of RATES. */
const LORA_PLUS_RATES = RATES.map((rate) => rate / 4);
/** The seed of the search, which is none of the seeds of a sweep. */
const SEARCH_SEED = 0;

const RANKS = [1, 4, 8, 64];
const SEEDS = [1, 2, 3, 4, 5];
const ALPHA = 32;
/** The scaling s at r = 8, where both rules agree. */
const SCALE_AT_8 = ALPHA / 8;

/** Plans the search for the learning rate of each arm of a sweep: one training at each rate. */
export function planSearch(name: SweepName, base: string): SearchRun[] {
  const common = { seed: SEARCH_SEED, steps: stepsOf(name), base, validationRows: 500 };
  return arms(name).flatMap((arm) => {
    const rates = arm.method === 'loraplus' ? LORA_PLUS_RATES : RATES;
    return rates.map((learningRate) => ({ ...arm, ...common, learningRate }));
  });
}

/**
 * Plans the runs of a sweep, seed by seed, each arm at the learning rate that was best for it;
 * `quick` plans the first seed, without rsLoRA.
 * @param searched rows of the search
 * @throws ArgumentError where the search has not been run for an arm
 */
export function planSweep(
  name: SweepName,
  { quick, base, searched }: { quick: boolean; base: string; searched: readonly ResultRow[] },
): SweepRun[] {
  const [seeds, testRows] = quick ? [SEEDS.slice(0, 1), 200] : [SEEDS, 500];
  const search = planSearch(name, base);
  const chosen = arms(name)
    .filter(({ method }) => !(quick && name === 'rank' && method === 'rslora'))
    .map((arm) => ({ ...arm, learningRate: bestRate(arm, search, searched) }));
  const steps = stepsOf(name);
  return seeds.flatMap((seed) => chosen.map((arm) => ({ ...arm, seed, steps, testRows, base })));
}

/** The rate with the lowest loss on the validation set; one that made the loss infinite is none. */
function bestRate(arm: Arm, search: SearchRun[], searched: readonly ResultRow[]): number {
  const losses = search
    .filter((run) => isResultOf(run, arm))
    .map((run) => {
      const row = searched.find((one) => isResultOf(one, run));
      if (row)
        return { rate: run.learningRate, loss: (row.validationLoss as number | null) ?? Infinity };
      throw new ArgumentError(
        `sweep: the learning rate of ${JSON.stringify(arm)} must have been searched on this base, ` +
          `but data/results/sweep-rates.json lacks ${run.learningRate}. Run the sweep without --quick.`,
      );
    });
  return losses.reduce((best, one) => (one.loss < best.loss ? one : best)).rate;
}

/** Variants differ mainly in how fast they learn, so they have few steps. */
function stepsOf(name: SweepName): number {
  return name === 'variants' ? RECIPE.fewSteps : RECIPE.steps;
}

function arms(name: SweepName): Arm[] {
  if (name === 'alpha') return [8, 16, 32].map((alpha) => ({ method: 'lora', r: 8, alpha }));
  if (name === 'qlora') {
    return (['qlora', 'lora'] as const).map((method) => ({ method, r: 8, alpha: ALPHA }));
  }
  if (name === 'variants') {
    const methods = ['lora', 'rslora', 'dora', 'pissa', 'loraplus'] as const;
    return methods.map((method) => ({ method, r: 16, alpha: ALPHA }));
  }
  const lora = RANKS.map((r): Arm => ({ method: 'lora', r, alpha: ALPHA }));
  const full: Arm = { method: 'full', r: null, alpha: null };
  // At r = 8 both rules give the same run.
  const alpha = SCALE_AT_8 * Math.sqrt(8);
  const rslora = [1, 4, 64].map((r): Arm => ({ method: 'rslora', r, alpha }));
  return [...lora, ...rslora, full];
}

/** Whether a row is the result of a run. */
export function isResultOf(row: object, run: object): boolean {
  return Object.entries(run).every(
    ([key, value]) => (row as Record<string, unknown>)[key] === value,
  );
}
