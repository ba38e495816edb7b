import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { readJson, writeFileAtomically } from '../../files/local';
import { ArgumentError } from '../../tensor/errors';
import type { Example } from '../data';
import type { Recipe } from './recipe';

/** The files of a run, in its folder; the best adapter lies there too, in PEFT's files. */
export interface RunFolder {
  folder: string;
  recipe: string;
  /** a JSON line for each step */
  metrics: string;
  checkpoint: string;
  /** the folder of the adapter of the last step */
  last: string;
}

export function runFolder(folder: string): RunFolder {
  const inside = (name: string) => path.join(folder, name);
  return {
    folder,
    recipe: inside('recipe.json'),
    metrics: inside('metrics.jsonl'),
    checkpoint: inside('checkpoint.safetensors'),
    last: inside('last'),
  };
}

/** What a run must be to go on from its checkpoint. */
export interface RunKey {
  recipe: Recipe;
  /** a checksum of the rows */
  rows: string;
}

/** Computes a checksum of the tokens and labels of rows. */
export function checksumOf(...sets: readonly (readonly Example[])[]): string {
  const hash = createHash('sha256');
  for (const { ids, labels } of sets.flat()) hash.update(`${ids.join()};${labels.join()}\n`);
  return hash.digest('hex');
}

/**
 * Makes the folder of a new run, and writes its recipe.
 * @throws ArgumentError if the folder holds a run already
 */
export async function openRun(caller: string, files: RunFolder, recipe: Recipe): Promise<void> {
  const taken = [files.checkpoint, files.metrics].find((file) => existsSync(file));
  if (taken) {
    throw new ArgumentError(
      `${caller}: ${files.folder} must be a folder without a run, but holds ${path.basename(taken)}. Continue that run (resume), or take another folder.`,
    );
  }
  await mkdir(files.folder, { recursive: true });
  await writeFileAtomically(files.recipe, [`${JSON.stringify(recipe, null, 2)}\n`]);
}

/**
 * Checks that a run can go on, and cuts from its metrics what comes after its checkpoint.
 * @throws ArgumentError if there is none, or its recipe or rows were others
 */
export async function reopenRun(
  caller: string,
  files: RunFolder,
  { recipe, rows }: RunKey,
  checkpoint: { step: number; extra?: unknown },
): Promise<void> {
  const old = await readJson(caller, files.recipe);
  const changed = Object.entries(recipe).filter(
    ([key, value]) => JSON.stringify(old[key]) !== JSON.stringify(value),
  );
  const faults = changed.map(
    ([key, value]) => `${key} was ${JSON.stringify(old[key])}, not ${JSON.stringify(value)}`,
  );
  if ((checkpoint.extra as Partial<RunKey> | null)?.rows !== rows)
    faults.push('the rows were others');
  if (faults.length > 0) {
    throw new ArgumentError(
      `${caller}: a run must go on with the recipe and the rows that it began with, but in ${files.folder} ${faults.join('; ')}. Take another folder for a new run.`,
    );
  }
  const lines = existsSync(files.metrics)
    ? (await readFile(files.metrics, 'utf8')).split('\n')
    : [];
  const kept = lines.filter((line) => stepOf(line) <= checkpoint.step);
  await writeFileAtomically(
    files.metrics,
    kept.map((line) => `${line}\n`),
  );
}

/** The step of a line; Infinity for the end of a line that was being written when the run was killed. */
function stepOf(line: string): number {
  try {
    return (JSON.parse(line) as { step: number }).step;
  } catch {
    return Infinity;
  }
}

export async function addMetrics(files: RunFolder, metrics: object): Promise<void> {
  await appendFile(files.metrics, `${JSON.stringify(metrics)}\n`);
}
