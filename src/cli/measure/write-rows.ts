import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { type ResultRow, resultsFile } from '../../course/shipped';
import { projectRoot, writeFileAtomically } from '../../files/local';
import { useAccelerator } from '../../tensor/runtime';

/** The file of a set of rows; those of a quick run do not count. */
export function rowsFile(name: string, quick: boolean): string {
  return quick ? path.join(projectRoot, 'artifacts', `${name}.json`) : resultsFile(name);
}

/**
 * Writes rows whole or not at all, one a line, so that a change shows as the lines it is. The
 * folder is made if need be.
 */
export async function writeRows(file: string, rows: readonly ResultRow[]): Promise<void> {
  mkdirSync(path.dirname(file), { recursive: true });
  const lines = rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n');
  await writeFileAtomically(file, [`[\n${lines}\n]\n`]);
}

/** Where and of what code a result was measured, on the accelerator of this process. */
export async function provenance(): Promise<Pick<ResultRow, 'commit' | 'backend' | 'device'>> {
  const { name } = await useAccelerator();
  return { ...machineAndCommit(), backend: name };
}

/** The same where other processes compute. */
export function machineAndCommit(): Pick<ResultRow, 'commit' | 'device'> {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const device = `${cpus().length} cores (${model}), Node ${process.versions.node}`;
  return { commit: commit(), device };
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: projectRoot, encoding: 'utf8' }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--', 'src') !== '';
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? '+' : '');
  } catch {
    return 'unknown'; // not a git checkout
  }
}

/** So many digits behind the point. */
export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
