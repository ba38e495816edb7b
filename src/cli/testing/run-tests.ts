import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { projectRoot } from '../../files/local';

/** Compiled test files and how to run them. */
export interface TestRun {
  files: string[];
  env?: NodeJS.ProcessEnv;
  /** number of files run at once; by default the number of cores */
  atOnce?: number;
  /** the Node that runs them; by default this one */
  node?: string;
  /** called with what they print, piece by piece; shows it unless given */
  show?: (text: string) => void;
}

/** Runs test files. @returns their output and the exit code */
export function runTests({
  files,
  env = {},
  atOnce = availableParallelism(),
  node = process.execPath,
  show = (text) => process.stdout.write(text),
}: TestRun): Promise<{ code: number | null; output: string }> {
  const options = ['--test-reporter=spec', `--test-concurrency=${atOnce}`];
  const args = ['--enable-source-maps', '--test', ...options, ...files];
  const child = spawn(node, args, {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    show(text);
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
