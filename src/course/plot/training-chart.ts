import type { Figure } from './figure';
import { lineChart } from './line-chart';

/** What the chart needs to know of a training step. */
export interface ChartedStep {
  /** the first is 1 */
  step: number;
  loss: number;
  /** that it took */
  seconds: number;
  tokensPerSecond?: number;
}

export interface TrainingChartOptions {
  /** so far, at least one, in order */
  history: readonly ChartedStep[];
  /** how many there will be */
  steps: number;
}

/** A longer history is drawn as so many means. */
const POINTS = 100;
/** Speed is that of so many last steps. */
const RECENT = 20;

/**
 * The loss of a training under way or done, with step, speed and time left in its title.
 * @throws ArgumentError if there is no step yet, or a loss is not finite
 */
export function trainingChart({ history, steps }: TrainingChartOptions): Figure {
  const means = average(history, Math.ceil(history.length / POINTS));
  const state = describe(history, steps);
  return lineChart({
    title: state,
    summary: `Training loss: ${state}. It began at ${history[0]?.loss.toFixed(3) ?? '-'}.`,
    x: { title: 'step' },
    y: { title: 'loss (nats per token)', format: (loss) => loss.toPrecision(2) },
    series: [{ name: 'loss', x: means.map(({ step }) => step), y: means.map(({ loss }) => loss) }],
  });
}

/** Means of `size` steps each, at their last step; those left over at the end too. */
function average(history: readonly ChartedStep[], size: number): { step: number; loss: number }[] {
  const groups = Array.from({ length: Math.ceil(history.length / size) }, (_, i) =>
    history.slice(i * size, (i + 1) * size),
  );
  return groups.map((group) => ({
    step: group.at(-1)?.step ?? NaN,
    loss: group.reduce((sum, { loss }) => sum + loss, 0) / group.length,
  }));
}

/** Example: `Step 120 of 400: loss 0.412, 5,300 tokens/s, 40 s left`. */
function describe(history: readonly ChartedStep[], steps: number): string {
  const recent = history.slice(-RECENT);
  const mean = (value: (step: ChartedStep) => number) =>
    recent.reduce((sum, step) => sum + value(step), 0) / recent.length;
  const last = history.at(-1);
  const step = last?.step ?? 0;
  const rate = mean(({ tokensPerSecond }) => tokensPerSecond ?? NaN);
  const seconds = history.reduce((sum, one) => sum + one.seconds, 0);
  const left = (steps - step) * mean((one) => one.seconds);
  return [
    `Step ${step} of ${steps}: loss ${mean(({ loss }) => loss).toFixed(3)}`,
    ...(Number.isNaN(rate) ? [] : [`${Math.round(rate).toLocaleString('en-US')} tokens/s`]),
    step < steps ? `${Math.ceil(left)} s left` : `${Math.round(seconds)} s`,
  ].join(', ');
}
