import { Presets, SingleBar } from 'cli-progress';

/** A bar on the terminal with steps, loss and time left; nothing where there is no terminal. */
export function progressBar(name: string, total: number): SingleBar {
  const format = `${name} {bar} {value}/{total} | loss {loss} | {duration_formatted}, {eta_formatted} left`;
  const bar = new SingleBar(
    { format, etaBuffer: 50, noTTYOutput: true, notTTYSchedule: 10_000 },
    Presets.shades_classic,
  );
  bar.start(total, 0, { loss: '-' });
  return bar;
}
