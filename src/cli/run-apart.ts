import { fork } from 'node:child_process';
import path from 'node:path';
import type { SingleBar } from 'cli-progress';
import type { ResultRow } from '../finetune';

/** What a training tells while it runs, and at its end. */
export type TrainingMessage = { step: number; loss: number } | { row: ResultRow };

/**
 * Runs a training in a process of its own, on one core, so that it leaves nothing to the next.
 * @param script a file of this folder, told `args` as JSON
 */
export function runApart(
  script: string,
  args: readonly unknown[],
  bar: SingleBar,
): Promise<ResultRow> {
  const env = { ...process.env, TF_NUM_INTRAOP_THREADS: '1', OMP_NUM_THREADS: '1' };
  const texts = args.map((arg) => JSON.stringify(arg));
  const child = fork(path.join(__dirname, script), texts, { env });
  return new Promise((resolve, reject) => {
    child.on('message', (message: TrainingMessage) => {
      if ('row' in message) resolve(message.row);
      else bar.increment(1, { loss: message.loss.toFixed(3) });
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      reject(new Error(`${script} ${texts.join(' ')} ended with exit code ${code}.`));
    });
  });
}
