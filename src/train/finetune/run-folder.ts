import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { FileError, readJson, writeFault, writeFileAtomically } from '../../files/local';
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

/** Names the files of a run. */
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

/** Computes a checksum of the tokens and labels of rows. */
export function checksumOf(...sets: readonly (readonly Example[])[]): string {
  const hash = createHash('sha256');
  for (const { ids, labels } of sets.flat()) hash.update(`${ids.join()};${labels.join()}\n`);
  return hash.digest('hex');
}

/**
 * Makes the folder of a new run, and writes its recipe.
 * @throws ArgumentError if the folder holds a run already, FileError if it can't be written
 */
export async function openRun(caller: string, files: RunFolder, recipe: Recipe): Promise<void> {
  assertNoRun(caller, files);
  await mkdir(files.folder, { recursive: true }).catch((error: unknown) => {
    throw new FileError(caller, files.folder, [
      `the folder must be writable: ${writeFault(error)}.`,
    ]);
  });
  await writeFileAtomically(files.recipe, [`${JSON.stringify(recipe, null, 2)}\n`]);
}

/** Checks that a folder is free. @throws ArgumentError, in the caller's name, if it holds a run or an adapter */
export function assertNoRun(caller: string, files: RunFolder): void {
  const adapter = path.join(files.folder, 'adapter_config.json');
  const taken = [files.checkpoint, files.metrics, adapter].find((file) => existsSync(file));
  if (!taken) return;
  throw new ArgumentError(
    `${caller}: ${files.folder} must be a folder without a run or an adapter, but holds ${path.basename(taken)}. Continue that run (resume), or take another folder.`,
  );
}

/**
 * Checks that a run can go on.
 * @throws ArgumentError, in the caller's name, if the folder holds none, or one of another recipe
 */
export async function assertSameRecipe(
  caller: string,
  files: RunFolder,
  recipe: Recipe,
): Promise<void> {
  if (!existsSync(files.recipe)) {
    throw new ArgumentError(
      `${caller}: ${files.folder} must hold a run to go on with, but has no recipe.json. Begin anew, without resume.`,
    );
  }
  const old = await readJson(caller, files.recipe);
  const changed = Object.entries(recipe)
    .filter(([key, value]) => JSON.stringify(old[key]) !== JSON.stringify(value))
    .map(([key, value]) => `${key} was ${JSON.stringify(old[key])}, not ${JSON.stringify(value)}`);
  if (changed.length === 0) return;
  throw new ArgumentError(
    `${caller}: a run must go on with the recipe that it began with, but in ${files.folder} ${changed.join('; ')}. Take another folder for a new run.`,
  );
}

/** Cuts from a run's metrics what comes after a step: its checkpoint does not know that. */
export async function cutMetrics(files: RunFolder, step: number): Promise<void> {
  if (!existsSync(files.metrics)) return;
  const lines = (await readFile(files.metrics, 'utf8')).split('\n');
  const kept = lines.filter((line) => stepOf(line) <= step);
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

/** Adds a line to a run's metrics. */
export async function addMetrics(files: RunFolder, metrics: object): Promise<void> {
  await appendFile(files.metrics, `${JSON.stringify(metrics)}\n`);
}
