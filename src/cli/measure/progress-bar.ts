import { Presets, SingleBar } from 'cli-progress';

/** A bar with steps, loss (where it is one of a training) and time left; where there is no terminal, a line every ten seconds. */
export function progressBar(name: string, total: number, { loss = true } = {}): SingleBar {
  const format = `${name} {bar} {value}/{total} | ${loss ? 'loss {loss} | ' : ''}{duration_formatted}, {eta_formatted} left`;
  const bar = new SingleBar(
    { format, etaBuffer: 50, noTTYOutput: true, notTTYSchedule: 10_000 },
    Presets.shades_classic,
  );
  bar.start(total, 0, { loss: '-' });
  return bar;
}

/** Moves a bar on by one step of a training, whichever it is of several. */
export function stepOf(bar: SingleBar): (step: { loss: number }) => void {
  return ({ loss }) => bar.increment(1, { loss: loss.toFixed(3) });
}
