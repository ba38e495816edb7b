import { existsSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomically } from '../../files/local';
import { type ExerciseId, type NotebookId, NOTEBOOKS } from '../exercises';

/** A learner's progress. */
export interface Progress {
  /** ids of the exercises passed */
  passed: string[];
  /** the last guess for each prediction */
  guesses: Record<string, number | string>;
}

const FILE = '.progress.json';

/** Path of the progress file, in the kernel's working directory: the notebook's folder. */
export function progressFile(): string {
  return path.join(process.cwd(), FILE);
}

/**
 * Reads the progress, which is empty without a file. A broken file is renamed to
 * `.progress.json.broken` and counts as none.
 */
export function readProgress(): Progress {
  const file = progressFile();
  if (!existsSync(file)) return { passed: [], guesses: {} };
  try {
    return parseProgress(readFileSync(file, 'utf8'));
  } catch {
    renameSync(file, `${file}.broken`);
    return { passed: [], guesses: {} };
  }
}

/** Saves that an exercise is passed. */
export async function recordPass(id: ExerciseId): Promise<void> {
  const progress = readProgress();
  if (progress.passed.includes(id)) return;
  await write({ ...progress, passed: [...progress.passed, id] });
}

/** Saves a guess. */
export async function recordGuess(id: string, guess: number | string): Promise<void> {
  const progress = readProgress();
  await write({ ...progress, guesses: { ...progress.guesses, [id]: guess } });
}

/** The progress in one notebook: `3 of 5 done: ✓ rank ✓ alpha ○ agents ○ merge ✓ qlora` */
export function describeProgress({ passed }: Progress, notebook: NotebookId): string {
  const ids = Object.keys(NOTEBOOKS[notebook].exercises);
  const done = ids.filter((id) => passed.includes(id)).length;
  const each = ids.map((id) => `${passed.includes(id) ? '✓' : '○'} ${id}`);
  return `${done} of ${ids.length} done: ${each.join('  ')}`;
}

async function write(progress: Progress): Promise<void> {
  await writeFileAtomically(progressFile(), [`${JSON.stringify(progress, null, 2)}\n`]);
}

/** @throws Error if the text is not what `write` writes */
function parseProgress(text: string): Progress {
  const { passed, guesses } = JSON.parse(text) as Partial<Progress>;
  const fits =
    Array.isArray(passed) &&
    passed.every((id) => typeof id === 'string') &&
    typeof guesses === 'object' &&
    guesses !== null &&
    Object.values(guesses).every((guess) => typeof guess === 'number' || typeof guess === 'string');
  if (!fits) throw new Error('not a progress file');
  return { passed, guesses };
}
