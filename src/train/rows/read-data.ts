import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { HUB_OPTIONS, hubDataset, hubFile, hubFileIfAny, type HubOptions } from '../../files/hub';
import { FileError } from '../../files/local';
import { ArgumentError, assertOptions, type OptionKeys, quote } from '../../tensor/errors';
import { Draw } from '../../tensor/runtime';
import type { Rows } from './rows';
import { scanRows } from './scan-rows';

const CALLER = 'readData';

/** Rows to learn from, rows to choose by, and rows to judge by. */
export interface Data {
  train: Rows;
  /** measured while training: the best adapter is chosen by it */
  valid: Rows;
  /** measured once, at the end; may be empty */
  test: Rows;
}

/** Options of `readData`. */
interface DataOptions extends HubOptions {
  /** which rows are held back where no file holds them; 0 unless given */
  seed?: number;
}

const OPTIONS: OptionKeys<DataOptions> = { seed: 'optional', ...HUB_OPTIONS };

/** The share of the rows that is held back, each for valid and test. */
const HELD_BACK = 0.1;

/**
 * Reads a data set of JSONL: a folder with train.jsonl, valid.jsonl (or validation.jsonl) and
 * test.jsonl, or one file; or either of these on Hugging Face's hub, by its address
 * `hf://datasets/owner/name` or `hf://datasets/owner/name@revision/rows.jsonl`, fetched once into
 * the hub's cache (val.jsonl, dev.jsonl and eval.jsonl do for valid.jsonl there). All rows are
 * checked, as a stream, before any is given. Of one file, and of a folder with train.jsonl alone,
 * a tenth of the rows is held back for valid and another for test, drawn by the seed. With
 * valid.jsonl alone, test is empty.
 * @throws FileError listing every faulty row with file and line, or that a file is missing;
 *   HubError or DownloadError if the hub has or gives no such file;
 *   ArgumentError if an option is unknown or there are too few rows to hold some back
 */
export async function readData(folderOrFile: string, options: DataOptions = {}): Promise<Data> {
  assertOptions(CALLER, options, OPTIONS);
  const { seed = 0, ...hub } = options;
  const files = await findFiles(folderOrFile, hub);
  const scanned = { train: await scanRows(files.train), ...(await scanHeldBack(files)) };
  const faults = Object.values(scanned).flatMap((one) => one.faults);
  if (faults.length > 0) throw new FileError(CALLER, folderOrFile, faults);
  const { train, valid, test } = scanned;
  const draw = new Draw(seed, 'held back');
  if (valid)
    return { train: train.rows, valid: valid.rows, test: test?.rows ?? valid.rows.pick([]) };
  const parts = holdBack(folderOrFile, train.rows, draw, test ? 1 : 2);
  return { ...parts, test: test?.rows ?? parts.test };
}

interface Files {
  train: string;
  valid?: string | undefined;
  test?: string | undefined;
}

async function scanHeldBack({ valid, test }: Files) {
  return {
    ...(valid && { valid: await scanRows(valid) }),
    ...(test && { test: await scanRows(test) }),
  };
}

async function findFiles(folderOrFile: unknown, hub: HubOptions): Promise<Files> {
  if (typeof folderOrFile !== 'string' || folderOrFile === '') {
    throw new ArgumentError(
      `${CALLER}: the data must be a folder, a .jsonl file or an address such as hf://datasets/owner/name, got ${quote(folderOrFile)}.`,
    );
  }
  if (folderOrFile.startsWith('hf://')) return findOnHub(folderOrFile, hub);
  if (!existsSync(folderOrFile)) {
    const advice = hubDataset(`hf://datasets/${folderOrFile}`)
      ? ` A data set of the hub is hf://datasets/${folderOrFile}.`
      : '';
    throw new FileError(CALLER, folderOrFile, [
      `the folder or file must be there, but is not.${advice}`,
    ]);
  }
  if (!statSync(folderOrFile).isDirectory()) return { train: assertJsonl(folderOrFile) };
  const names = await readdir(folderOrFile);
  assertNames(folderOrFile, names);
  const find = (...wanted: string[]) => {
    const name = wanted.find((one) => names.includes(one));
    return name === undefined ? undefined : path.join(folderOrFile, name);
  };
  const train = find('train.jsonl');
  if (!train) {
    const shown = names.slice(0, 5).join(', ') || 'nothing';
    throw new FileError(CALLER, folderOrFile, [
      `the folder must hold train.jsonl, got ${shown}. One file with all rows is read too: ${CALLER}('rows.jsonl').`,
    ]);
  }
  return { train, valid: find('valid.jsonl', 'validation.jsonl'), test: find('test.jsonl') };
}

async function findOnHub(address: string, options: HubOptions): Promise<Files> {
  const { repo, file } = hubDataset(address) ?? {};
  if (repo === undefined) {
    throw new ArgumentError(
      `${CALLER}: an address of the hub must be hf://datasets/owner/name, hf://datasets/owner/name@revision or one of these with /rows.jsonl, got ${quote(address)}.`,
    );
  }
  const at = (one: string) => ({ caller: CALLER, repo, file: one });
  if (file !== undefined) return { train: await hubFile(at(assertJsonl(file)), options) };
  return {
    train: await hubFile(at('train.jsonl'), options),
    // Nobody can rename what is another's.
    valid: await hubFileIfAny(at('valid.jsonl'), options, ['validation.jsonl', ...OTHER_NAMES]),
    test: await hubFileIfAny(at('test.jsonl'), options),
  };
}

/** Names that other programs give to valid.jsonl. */
const OTHER_NAMES = ['val.jsonl', 'dev.jsonl', 'eval.jsonl'];

function assertNames(folder: string, names: readonly string[]): void {
  const other = names.find((name) => OTHER_NAMES.includes(name));
  const both = names.includes('valid.jsonl') && names.includes('validation.jsonl');
  if (!other && !both) return;
  const got = other ?? 'valid.jsonl and validation.jsonl';
  throw new FileError(CALLER, folder, [
    `the rows to choose by must be in valid.jsonl, got ${got}. ${other ? 'Rename it' : 'Delete one'}, or move it away.`,
  ]);
}

function assertJsonl(file: string): string {
  const ending = path.extname(file).toLowerCase();
  if (!['.parquet', '.csv', '.tsv', '.arrow', '.zip', '.gz', '.xlsx'].includes(ending)) return file;
  throw new FileError(CALLER, file, [
    `the file must be JSONL, a JSON row in each line, got ${ending}. In Python: datasets.load_dataset(...).to_json("rows.jsonl").`,
  ]);
}

/** Holds back rows for valid and, of two parts, for test. Equal rows stay together. */
function holdBack(source: string, rows: Rows, draw: Draw, parts: 1 | 2): Data {
  const groups = new Map<number, number[]>();
  for (let index = 0; index < rows.length; index++) {
    const equal = groups.get(rows.checksum(index)) ?? [];
    equal.push(index);
    groups.set(rows.checksum(index), equal);
  }
  const count = Math.max(1, Math.round(groups.size * HELD_BACK));
  const held = parts * count;
  if (groups.size <= held) {
    throw new ArgumentError(
      `${CALLER}: ${source} must have ${held + 1} different rows or more, so that some can be held back, got ${groups.size}.`,
    );
  }
  const drawn = draw.shuffle([...groups.values()]);
  const part = (from: number, to?: number) =>
    rows.pick(
      drawn
        .slice(from, to)
        .flat()
        .sort((a, b) => a - b),
    );
  return { train: part(held), valid: part(0, count), test: part(count, held) };
}
