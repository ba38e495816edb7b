import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../files/local';

const DATA = path.join(projectRoot, 'data');

/** The folder of the base model that comes with the course. */
export const BASE = path.join(DATA, 'base');

/** The folder of the rows that come with the course: requests to a smart home, in JSONL. */
export const HOME = path.join(DATA, 'home');

/** One measured result and what produced it. */
export interface ResultRow {
  command: string;
  /** with a `+` where src/ differed from it */
  commit: string;
  backend: string;
  device: string;
  seed: number;
  seconds: number;
  [measured: string]: unknown;
}

/** The file of a set of rows. */
export function resultsFile(name: string): string {
  return path.join(DATA, 'results', `${name}.json`);
}

/** The rows of a set, such as `sweep-rank`; none where nothing was measured. */
export function readResults(name: string): ResultRow[] {
  const file = resultsFile(name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ResultRow[]) : [];
}
