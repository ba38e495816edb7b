/** The sweeps, named after the setting that they vary. */
export const SWEEPS = ['rank', 'alpha', 'qlora', 'variants'] as const;
export type SweepName = (typeof SWEEPS)[number];

/** One training on the solver's task: its settings, and the seed of adapter and batches. */
export interface SweepRun {
  /**
   * `full` trains every weight of the base, `lora` s = alpha / r, `rslora` s = alpha / sqrt(r),
   * `qlora` is `lora` on a base in 4 bits; `dora`, `pissa` and `loraplus` are `lora` with that change
   */
  method: 'full' | 'lora' | 'rslora' | 'qlora' | 'dora' | 'pissa' | 'loraplus';
  r: number | null;
  alpha: number | null;
  seed: number;
  steps: number;
  learningRate: number;
  /** number of test problems that it is measured on */
  testRows: number;
  /** first digits of the SHA-256 of the base's weights */
  base: string;
}

/** Settings of all runs; each method has its own best learning rate. */
export const RECIPE = {
  steps: 900,
  /** steps of the variants, which differ mainly in how fast they learn */
  fewSteps: 300,
  batchSize: 16,
  warmUp: 20,
  maxGradientNorm: 1,
  learningRate: {
    full: 1e-3,
    lora: 5e-3,
    rslora: 5e-3,
    qlora: 5e-3,
    dora: 5e-3,
    pissa: 5e-3,
    loraplus: 1.25e-3, // of A; B has 16 times that, so that their geometric mean is LoRA's
  },
  trainRows: 8000,
} as const;

const RANKS = [1, 4, 8, 64];
const SEEDS = [1, 2, 3];
const ALPHA = 32;
/** The scaling s at r = 8, where both rules agree. */
const SCALE_AT_8 = ALPHA / 8;

/** Plans the runs of a sweep, seed by seed; `quick` plans the first seed, without rsLoRA. */
export function planSweep(
  name: SweepName,
  { quick, base }: { quick: boolean; base: string },
): SweepRun[] {
  const [seeds, testRows] = quick ? [SEEDS.slice(0, 1), 200] : [SEEDS, 500];
  const steps = name === 'variants' ? RECIPE.fewSteps : RECIPE.steps;
  return seeds.flatMap((seed) =>
    settings(name, quick).map((one) => {
      const learningRate = RECIPE.learningRate[one.method];
      return { ...one, seed, steps, learningRate, testRows, base };
    }),
  );
}

type Setting = Pick<SweepRun, 'method' | 'r' | 'alpha'>;

function settings(name: SweepName, quick: boolean): Setting[] {
  if (name === 'alpha') return [8, 16, 32].map((alpha) => ({ method: 'lora', r: 8, alpha }));
  if (name === 'qlora') {
    return (['qlora', 'lora'] as const).map((method) => ({ method, r: 8, alpha: ALPHA }));
  }
  if (name === 'variants') {
    const methods = ['lora', 'rslora', 'dora', 'pissa', 'loraplus'] as const;
    return methods.map((method) => ({ method, r: 16, alpha: ALPHA }));
  }
  const lora = RANKS.map((r): Setting => ({ method: 'lora', r, alpha: ALPHA }));
  const full: Setting = { method: 'full', r: null, alpha: null };
  if (quick) return [...lora, full];
  // At r = 8 both rules give the same run.
  const alpha = SCALE_AT_8 * Math.sqrt(8);
  const rslora = [1, 4, 64].map((r): Setting => ({ method: 'rslora', r, alpha }));
  return [...lora, ...rslora, full];
}

/** Whether a row is the result of a run. */
export function isResultOf(row: object, run: SweepRun): boolean {
  return Object.entries(run).every(
    ([key, value]) => (row as Record<string, unknown>)[key] === value,
  );
}
