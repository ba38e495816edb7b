import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { type ResultRow, resultsFile } from '../../course/shipped';
import { projectRoot, writeFileAtomically } from '../../files/local';
import { useAccelerator } from '../../tensor/runtime';
import { processorName } from './processor';

/** Names the file of a set of rows; rows of a quick run go to artifacts/. */
export function rowsFile(name: string, quick: boolean): string {
  return quick ? path.join(projectRoot, 'artifacts', `${name}.json`) : resultsFile(name);
}

/**
 * Writes a file of rows whole or not at all, one row on a line. Makes the folder if it is missing.
 */
export async function writeRows(file: string, rows: readonly ResultRow[]): Promise<void> {
  mkdirSync(path.dirname(file), { recursive: true });
  const lines = rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n');
  await writeFileAtomically(file, [`[\n${lines}\n]\n`]);
}

/** Fields that say where and with which code a row was measured, on this process's accelerator. */
export async function provenance(): Promise<Pick<ResultRow, 'commit' | 'backend' | 'device'>> {
  const { name } = await useAccelerator();
  return { ...machineAndCommit(), backend: name };
}

/** The fields of `provenance` without the accelerator, for measurements in other processes. */
export function machineAndCommit(): Pick<ResultRow, 'commit' | 'device'> {
  const device = `${cpus().length} cores (${processorName()}), Node ${process.versions.node}`;
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

/** Rounds to `digits` decimals. */
export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
