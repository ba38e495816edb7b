import { Presets, SingleBar } from 'cli-progress';

/**
 * Starts a bar with steps, time left and, for a training, its loss. Without a terminal it prints a line
 * every ten seconds.
 */
export function progressBar(name: string, total: number, { loss = true } = {}): SingleBar {
  const format = `${name} {bar} {value}/{total} | ${loss ? 'loss {loss} | ' : ''}{duration_formatted}, {eta_formatted} left`;
  const bar = new SingleBar(
    { format, etaBuffer: 50, noTTYOutput: true, notTTYSchedule: 10_000 },
    Presets.shades_classic,
  );
  bar.start(total, 0, { loss: '-' });
  return bar;
}

/** Makes a callback that advances a bar by one step of a training; several trainings may share a bar. */
export function stepOf(bar: SingleBar): (step: { loss: number }) => void {
  return ({ loss }) => bar.increment(1, { loss: loss.toFixed(3) });
}
