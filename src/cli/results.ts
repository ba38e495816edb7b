import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import type { ResultRow } from '../finetune';
import { useAccelerator } from '../runtime';
import { writeFileAtomically } from '../safetensors';
import { repoRoot } from './paths';

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

/** So many digits behind the point. */
export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
