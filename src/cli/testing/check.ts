import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { projectRoot } from '../../files/local';
import { runTests } from './run-tests';

interface Cruise {
  modules: { source: string }[];
}

/**
 * Runs the unit tests that a change since the last commit can reach: those beside the changed files
 * and beside all files that import them.
 * @returns 0 if they passed
 */
export async function check(): Promise<number> {
  const depcruise = path.join(
    projectRoot,
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
  );
  const args = ['src', '--config', '.dependency-cruiser.cjs', '--affected', 'HEAD'];
  const json = execFileSync(process.execPath, [depcruise, ...args, '--output-type', 'json'], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  const files = (JSON.parse(json) as Cruise).modules
    .filter(({ source }) => source.endsWith('.test.ts'))
    .map(({ source }) => path.join(projectRoot, 'dist', source.replace(/\.ts$/, '.js')));
  if (files.length === 0) {
    console.log('No unit test reaches what changed since the last commit.');
    return 0;
  }
  return (await runTests({ files })).code ?? 1;
}
