import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { NOTEBOOKS } from '../src/course/exercises';

/** A code cell of an .ipynb file. */
export interface Cell {
  id: string;
  source: string[];
  execution_count: number | null;
  outputs: { output_type: string; data?: Record<string, unknown>; text?: string[] }[];
}

/** The code cells of a notebook file, from top to bottom. */
export function codeCells(file: string): Cell[] {
  const { cells } = JSON.parse(readFileSync(file, 'utf8')) as {
    cells: (Cell & { cell_type: string })[];
  };
  return cells.filter((cell) => cell.cell_type === 'code');
}

/** The number of exercises in the notebook of this name. */
export function exercisesOf(name: string): number {
  const [, notebook] = Object.entries(NOTEBOOKS).find(([id]) => name.startsWith(`${id}_`)) ?? [];
  return Object.keys(notebook?.exercises ?? {}).length;
}

/**
 * Runs a notebook by `npm run lesson`, short, and saves it with its outputs.
 * @throws Error if a cell fails
 */
export async function runNotebook(
  file: string,
  saved: string,
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  const root = path.join(__dirname, '../..');
  const lesson = [path.join(root, 'src/cli/bootstrap.cjs'), 'lesson', '--save', saved, file];
  const child = spawn(process.execPath, lesson, {
    env: { ...process.env, LESSON_SHORT: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve, reject) => child.on('error', reject).on('close', resolve)),
  ]);
  process.stdout.write(stdout); // whole, as several may run at once
  if (code !== 0) throw new Error(stderr);
}
