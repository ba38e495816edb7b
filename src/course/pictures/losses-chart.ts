import { mean } from '../measure';
import { type Figure, lineChart } from '../plot';

/** Number of steps of which the mean is drawn: one batch may be harder than the next. */
const WINDOW = 10;

/** Draws the losses of several trainings so far, each point the mean of ten steps. */
export function lossesChart(trainings: Readonly<Record<string, readonly number[]>>): Figure {
  const smooth = Object.entries(trainings).map(([name, losses]) => ({
    name,
    y: losses.map((_, i) => mean(losses.slice(Math.max(0, i + 1 - WINDOW), i + 1))),
  }));
  const ends = smooth.map(({ name, y }) => `${name}: ${y.at(-1)?.toFixed(2) ?? 'not begun'}`);
  const title = `Loss at ${ends.join(', ')}`;
  return lineChart({
    title,
    x: { title: 'step' },
    y: { title: 'loss, mean of ten steps' },
    series: smooth
      .filter(({ y }) => y.length > 0)
      .map(({ name, y }) => ({ name, x: y.map((_, i) => i + 1), y })),
    summary: `${title}.`,
  });
}
