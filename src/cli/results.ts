import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { useAccelerator } from '../runtime';
import { writeFileAtomically } from '../safetensors';
import { repoRoot } from './paths';

/** One measured result and what produced it. */
export interface ResultRow {
  command: string;
  /** with a `+` where the working tree differed from it */
  commit: string;
  backend: string;
  device: string;
  seed: number;
  seconds: number;
  [measured: string]: unknown;
}

/** The file of a set of rows, in data/results/. */
export function resultsFile(name: string): string {
  return path.join(repoRoot, 'data', 'results', `${name}.json`);
}

/** The rows of a file; none where there is no file. */
export function readRows(file: string): ResultRow[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ResultRow[]) : [];
}

/** Writes rows whole or not at all, one a line, so that a change shows as the lines it is. */
export function writeRows(file: string, rows: readonly ResultRow[]): Promise<void> {
  const lines = rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n');
  return writeFileAtomically(file, [`[\n${lines}\n]\n`]);
}

/** Where and of what code a result was measured. */
export async function provenance(): Promise<Pick<ResultRow, 'commit' | 'backend' | 'device'>> {
  const { name } = await useAccelerator();
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const device = `${cpus().length} cores (${model}), Node ${process.versions.node}`;
  return { commit: commit(), backend: name, device };
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: repoRoot, encoding: 'utf8' }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--', 'src') !== '';
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? '+' : '');
  } catch {
    return 'unknown'; // not a git checkout
  }
}
