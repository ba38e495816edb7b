import { fork } from 'node:child_process';
import type { ResultRow } from '../../course/shipped';
import { LoraError } from '../../tensor/errors';

/** Sent by a run after each of its steps. */
export type StepMessage = { step: number; loss: number };

/** Sent by a training after each step and, with its row, at the end. */
export type TrainingMessage = StepMessage | { row: ResultRow };

/** Several one-core runs at once finish sooner than runs on all cores in turn. */
export const ONE_CORE = { TF_NUM_INTRAOP_THREADS: '1', OMP_NUM_THREADS: '1' };

/**
 * Runs a script in a process of its own, so that no run affects the next.
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
      const run = `${script} ${texts.join(' ').slice(0, 200)}`;
      reject(new LoraError(`runInProcess: ${run} must end well, got exit code ${code}.`));
    });
  });
}

/** Runs in the child: calls `run` if this process was started by runInProcess. */
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
