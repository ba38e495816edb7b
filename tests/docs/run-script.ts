import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { BASE, solverRows } from '../../src/course';
import { runModule } from '../installed-package';
import { sampleOf } from './pages';

/** The first prompt of the rows that `runScript` gives. */
export const PROMPT = solverRows({ split: 'train', seed: 1, count: 1 })[0]?.prompt ?? '';

/**
 * Runs the whole script of docs/script.md in a project that has the package, on the course's base
 * and 60 of its rows. @returns what it prints
 */
export function runScript(folder: string): string {
  const rows = solverRows({ split: 'train', seed: 1, count: 60 });
  const lines = rows.map(({ prompt, completion }) => JSON.stringify({ prompt, completion }));
  writeFileSync(path.join(folder, 'rows.jsonl'), `${lines.join('\n')}\n`);
  const code = sampleOf('docs/script.md', '// train.mts\n');
  return runModule(folder, code, BASE, 'rows.jsonl', 'my-adapter');
}
