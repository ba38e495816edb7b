import { assertOptions, type OptionKeys } from '../../tensor/errors';
import type { Figure } from './figure';
import { lineChart, type LineSeries } from './line-chart';

/** Report of a training step, as the chart uses it. */
export interface ChartedStep {
  /** the first is 1 */
  step: number;
  loss: number;
  /** duration of the step */
  seconds: number;
  tokensPerSecond?: number;
  /** on rows held back, after some of the steps */
  validation?: { loss: number };
}

export interface TrainingChartOptions {
  /** the steps so far, in order; at least one */
  history: readonly ChartedStep[];
  /** number of steps in the whole training */
  steps: number;
}

const OPTIONS: OptionKeys<TrainingChartOptions> = { history: 'required', steps: 'required' };

/** Most points drawn; a longer history is drawn as this many means. */
const POINTS = 100;
/** Number of last steps that the speed is measured over. */
const RECENT = 20;

/**
 * Draws the loss of a training, running or done, and that on rows held back where it was measured;
 * step, speed and time left are in the title.
 * @throws ArgumentError if there is no step yet, or a loss is not finite
 */
export function trainingChart(options: TrainingChartOptions): Figure {
  assertOptions('trainingChart', options, OPTIONS);
  const { history, steps } = options;
  const means = average(history, Math.ceil(history.length / POINTS));
  const measured = history.flatMap(({ step, validation }) =>
    validation ? [{ step, loss: validation.loss }] : [],
  );
  const state = describe(history, steps);
  return lineChart({
    title: state,
    summary: [
      `Training loss: ${state}. It began at ${history[0]?.loss.toFixed(3) ?? '-'}.`,
      ...measured.slice(-1).map(({ loss }) => `On rows held back it is ${loss.toFixed(3)}.`),
    ].join(' '),
    x: { title: 'step' },
    y: { title: 'loss (nats per token)', format: (loss) => loss.toPrecision(2) },
    series: [
      lossSeries('loss', means),
      ...(measured.length > 0 ? [lossSeries('rows held back', measured)] : []),
    ],
  });
}

function lossSeries(name: string, points: readonly { step: number; loss: number }[]): LineSeries {
  return { name, x: points.map(({ step }) => step), y: points.map(({ loss }) => loss) };
}

/** Averages groups of `size` steps, each placed at its last step; the last group may be smaller. */
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
