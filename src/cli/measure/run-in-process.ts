import { fork } from 'node:child_process';
import type { ResultRow } from '../../course/shipped';

/** What a run tells of each of its steps. */
export type StepMessage = { step: number; loss: number };

/** What a training tells while it runs, and at its end. */
export type TrainingMessage = StepMessage | { row: ResultRow };

/** One core a run is faster than one run on all. */
export const ONE_CORE = { TF_NUM_INTRAOP_THREADS: '1', OMP_NUM_THREADS: '1' };

/**
 * Does a run in a process of its own, so that it leaves nothing to the next.
 * @param script the path of a compiled file that calls `runIfChild`, told `args` as JSON
 * @returns the row that it tells in the end
 */
export function runInProcess<Row extends object>(
  script: string,
  args: readonly unknown[],
  { env = {}, onStep }: { env?: NodeJS.ProcessEnv; onStep?: (message: StepMessage) => void } = {},
): Promise<Row> {
  const texts = args.map((arg) => JSON.stringify(arg));
  const child = fork(script, texts, { env: { ...process.env, ...env } });
  return new Promise((resolve, reject) => {
    child.on('message', (message: StepMessage | { row: Row }) => {
      if ('row' in message) resolve(message.row);
      else onStep?.(message);
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      reject(new Error(`${script} ${texts.join(' ').slice(0, 200)} ended with exit code ${code}.`));
    });
  });
}

/** The other end: does the run if this process was made for it. */
export function runIfChild(
  run: (
    args: readonly unknown[],
    tell: (message: StepMessage | { row: object }) => void,
  ) => unknown,
): void {
  if (!process.send) return;
  const args = process.argv.slice(2).map((arg) => JSON.parse(arg) as unknown);
  const tell = (message: object) => process.send?.(message);
  void Promise.resolve(run(args, tell)).then(() => process.disconnect());
}
