import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { readWings, testFiles, suites } from '../src/cli/testing';
import { projectRoot } from '../src/files/local';

const src = path.join(projectRoot, 'src');
const wings = readWings();
/** The names that each wing exports. A name added or lost is a decision: UPDATE_SNAPSHOTS=1. */
const EXPORTS = path.join(projectRoot, 'tests', 'exports.json');

/** The files that learners read in src/lora, and how many lines they may have in all. */
const CORE = [
  'lora-layer',
  'lora-linear',
  'scaling',
  'init',
  'freeze',
  'inject',
  'merge',
  'target-modules',
];
const CORE_LINES = 600;

/** Files right in a folder, and lines of a wing of all: limits that keep it easy to find one's way. */
const MOST_FILES = 14;
const LARGEST_WING = 0.25;

/** The source files below a folder, tests apart. */
function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|cjs|cc|h|py)$/.test(file) && !file.endsWith('.test.ts'))
    .map((file) => path.join(folder, file));
}

const linesOf = (files: string[]) =>
  files.reduce((sum, file) => sum + readFileSync(file, 'utf8').split('\n').length, 0);

async function exportedNames(): Promise<Record<string, string[]>> {
  const doors = Object.keys(wings).map(async (wing) => {
    const door = (await import(path.join(__dirname, '../src', wing))) as object;
    return [
      wing,
      Object.keys(door)
        .filter((name) => name !== 'default')
        .sort(),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(doors));
}

describe('the house', () => {
  test('each wing exports the names in tests/exports.json and no others', async () => {
    const names = await exportedNames();
    if (process.env.UPDATE_SNAPSHOTS) writeFileSync(EXPORTS, `${JSON.stringify(names, null, 2)}\n`);
    assert.deepEqual(names, JSON.parse(readFileSync(EXPORTS, 'utf8')));
  });

  test('src/wings.json lists every wing and every room, each with its door', () => {
    const listed = Object.entries(wings).flatMap(([wing, { rooms }]) => [
      wing,
      ...Object.keys(rooms).map((room) => `${wing}/${room}`),
    ]);
    const doors = sources(src).filter((file) => path.basename(file) === 'index.ts');
    assert.deepEqual(
      doors.map((door) => path.relative(src, path.dirname(door)).replaceAll(path.sep, '/')).sort(),
      [...listed].sort(),
    );
    for (const door of doors) assert.doesNotMatch(readFileSync(door, 'utf8'), /export \*/, door);
  });

  test('every test file is run by a suite of npm test', () => {
    const run = new Set(suites().flatMap(({ files }) => files));
    const all = ['src', 'tests'].flatMap(testFiles);
    assert.deepEqual(
      all.filter((file) => !run.has(file)),
      [],
    );
  });

  test(`a folder holds at most ${MOST_FILES} source files, a wing a quarter of the lines`, () => {
    const folders = new Map<string, number>();
    for (const file of sources(src)) {
      const folder = path.relative(src, path.dirname(file));
      folders.set(folder, (folders.get(folder) ?? 0) + 1);
    }
    assert.deepEqual(
      [...folders].filter(([, files]) => files > MOST_FILES),
      [],
    );
    const all = linesOf(sources(src));
    for (const wing of Object.keys(wings)) {
      const share = linesOf(sources(path.join(src, wing))) / all;
      assert.ok(share < LARGEST_WING, `${wing}: ${(100 * share).toFixed(1)} % of the lines`);
    }
  });

  test(`the core of src/lora stays within ${CORE_LINES} lines`, () => {
    const files = CORE.map((name) => path.join(src, 'lora', `${name}.ts`));
    assert.deepEqual(
      files.filter((file) => !existsSync(file)),
      [],
    );
    assert.ok(linesOf(files) <= CORE_LINES, `${linesOf(files)} lines`);
  });

  test('only op, runtime, hub, jupyter and cli read the environment; only jupyter and cli print', () => {
    const offenders = (pattern: RegExp, places: string[]) =>
      sources(src).filter(
        (file) =>
          !places.some((place) => file.startsWith(path.join(src, place))) &&
          pattern.test(readFileSync(file, 'utf8')),
      );
    const readers = ['tensor/op', 'tensor/runtime', 'files/hub', 'jupyter', 'cli'];
    assert.deepEqual(offenders(/process\.env/, readers), []);
    assert.deepEqual(offenders(/console\.|process\.std(out|err)\.write/, ['jupyter', 'cli']), []);
  });
});
