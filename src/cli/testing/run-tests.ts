import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { projectRoot } from '../../files/local';

/** Runs compiled test files, so many at once, shows what they print, and gives it with the exit code. */
export function runTests(
  files: string[],
  env: NodeJS.ProcessEnv = {},
  atOnce = availableParallelism(),
): Promise<{ code: number | null; output: string }> {
  const options = ['--test-reporter=spec', `--test-concurrency=${atOnce}`];
  const args = ['--enable-source-maps', '--test', ...options, ...files];
  const child = spawn(process.execPath, args, {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
