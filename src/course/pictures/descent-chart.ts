import { ArgumentError, kindOf } from '../../tensor/errors';
import { type Figure, lineChart } from '../plot';

/** Points of the curve. */
const POINTS = 81;

/**
 * Draws the loss as a function of one weight, and the steps of a training on that curve.
 * @param steps the weight before the first step and after each
 * @throws ArgumentError if a weight is no number, or so far off that its loss cannot be drawn
 */
export function descentChart(loss: (w: number) => number, steps: readonly number[]): Figure {
  const odd = steps.findIndex((w) => !Number.isFinite(w));
  if (steps.length === 0 || odd >= 0) throw noWeight(steps, odd);
  const [from, to] = [Math.min(0, ...steps), Math.max(6, ...steps)];
  const curve = Array.from({ length: POINTS }, (_, i) => from + ((to - from) * i) / (POINTS - 1));
  const last = loss(steps.at(-1) ?? NaN);
  const shown = last < 1000 ? last.toFixed(3) : last.toExponential(1);
  return lineChart({
    title: `${steps.length - 1} steps: the loss goes from ${loss(steps[0] ?? NaN)} to ${shown}`,
    x: { title: 'the weight w' },
    y: { title: 'loss' },
    series: [
      { name: 'loss', x: curve, y: curve.map(loss) },
      { name: 'w after each step', x: [...steps], y: steps.map(loss) },
    ],
    summary: `w after each step: ${steps.map((w) => w.toFixed(2)).join(', ')}.`,
  });
}

function noWeight(steps: readonly unknown[], odd: number): ArgumentError {
  const got = steps.length === 0 ? 'none' : `${kindOf(steps[odd])} at place ${odd}`;
  return new ArgumentError(
    `descentChart: each step must be a finite number, got ${got}. Read a tensor by (await read(w))[0]; where it diverges, take fewer steps.`,
  );
}
