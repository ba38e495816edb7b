import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readResults } from '../src/course/shipped';

const README = join(__dirname, '../../README.md');
const NAMES = {
  lora: (r: unknown) => `LoRA, r = ${String(r)}, s = 32 / r`,
  rslora: (r: unknown) => `rsLoRA, r = ${String(r)}, s = 11.3 / √r`,
  full: () => 'full fine-tuning',
};

interface Rank {
  method: keyof typeof NAMES;
  r: number | null;
  trainable: number;
  exactMatch: number;
  testLoss: number;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: number[]) => {
  const squares = values.map((value) => (value - mean(values)) ** 2);
  return Math.sqrt((mean(squares) * values.length) / (values.length - 1));
};

/** One line a setting, all seeds of it together. */
function rankTable(): string {
  const groups = new Map<string, Rank[]>();
  for (const row of readResults('sweep-rank') as unknown as Rank[]) {
    const name = NAMES[row.method](row.r);
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  const lines = [...groups].map(([name, rows]) => {
    const exact = rows.map(({ exactMatch }) => 100 * exactMatch);
    const loss = mean(rows.map(({ testLoss }) => testLoss)).toFixed(3);
    const trained = rows[0]?.trainable.toLocaleString('en-US');
    assert.equal(rows.length, 3, name);
    return `| ${name} | ${trained} | ${mean(exact).toFixed(1)} ± ${deviation(exact).toFixed(1)} % | ${loss} |`;
  });
  const head = ['| | trained parameters | exact match | test loss |', '| - | -: | -: | -: |'];
  return `\n${[...head, ...lines].join('\n')}\n\n`;
}

/** One line a base and method. */
function memoryTable(): string {
  const keys = ['baseBytes', 'adapterBytes', 'optimizerBytes', 'stepPeakBytes'] as const;
  const names: Record<string, string> = { full: 'full fine-tuning', lora: 'LoRA', qlora: 'QLoRA' };
  const lines = readResults('qlora-memory').map((row) => {
    const sizes = keys.map((key) => `${((row[key] as number) / 1e6).toFixed(1)} MB`);
    const seconds = `${(row.stepSeconds as number).toFixed(2)} s`;
    return `| ${[`${String(row.base)}, ${names[String(row.method)]}`, ...sizes, seconds].join(' | ')} |`;
  });
  const head = ['| | base | adapter | optimiser | more in a step | a step |'];
  return `\n${[...head, '| - | -: | -: | -: | -: | -: |', ...lines].join('\n')}\n\n`;
}

/** One line a way to work. */
function agentsTable(): string {
  const percent = (share: unknown) => (100 * (share as number)).toFixed(1);
  const lines = readResults('agents')
    .filter(({ kind }) => kind === 'arm')
    .map(({ arm, attempts, exactMatch, low, high, tokensInAll }) => {
      const solved = `${percent(exactMatch)} % (${percent(low)} to ${percent(high)})`;
      return `| ${[arm, attempts, solved, (tokensInAll as number).toFixed(0)].join(' | ')} |`;
    });
  const head = [
    '| | attempts | solved (95 % interval) | tokens a problem |',
    '| - | -: | -: | -: |',
  ];
  return `\n${[...head, ...lines].join('\n')}\n\n`;
}

/** One line a measurement of three adapters in one batch. */
function adaptersTable(): string {
  const keys = ['threeOverMixed', 'mixedOverOne', 'mixedOverBase'];
  const lines = readResults('bench-adapters').map((row) => {
    const ratios = keys.map((key) => (row[key] as number | undefined)?.toFixed(2) ?? '-');
    const what = `${String(row.what)}, ${String(row.targets)}, 3 x ${String(row.rowsPerAdapter)} rows`;
    return `| ${[what, ...ratios].join(' | ')} |`;
  });
  assert.ok(lines.length > 0);
  const head = ['| | three passes / mixed | mixed / one adapter | mixed / base |'];
  return `\n${[...head, '| - | -: | -: | -: |', ...lines].join('\n')}\n\n`;
}

interface Speed {
  what: string;
  name: string;
  backend: string;
  r?: number;
  tokens?: number;
  outFeatures?: number;
  peftOverOurs?: number;
  plainOverOurs?: number;
  overBase?: { ours: number };
  dispatches?: Record<'ours' | 'plain', number>;
  peakMegabytes?: Record<'peft' | 'ours' | 'plain', number>;
  'milliseconds [median, quartiles]'?: { ours: [number, number, number] };
}

/** Of the layers one size and rank; of all else everything. */
function isShown({ what, backend, r, tokens, outFeatures }: Speed): boolean {
  if (what !== 'linear') return what !== 'machine';
  return r === 8 && outFeatures === 2304 && (backend === 'wasm' || (tokens ?? 0) > 128);
}

/** One line a measurement: how many times as long, or as much, the others take. */
function speedTable(): string {
  const rows = (readResults('bench') as unknown as Speed[]).filter(isShown);
  assert.ok(rows.length > 0);
  const times = (ratio: number | undefined) => ratio?.toFixed(2) ?? '-';
  const lines = rows.map((row) => {
    const { peft = NaN, ours = NaN, plain = NaN } = row.peakMegabytes ?? {};
    const [ms] = row['milliseconds [median, quartiles]']?.ours ?? [];
    const cells = row.peakMegabytes
      ? [times(peft / ours), times(plain / ours), '-', `${ours} MB`]
      : [row.peftOverOurs, row.plainOverOurs, row.overBase?.ours].map(times);
    const time = ms === undefined ? [] : [`${ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`];
    if (row.what === 'dispatches') time.push(String(row.dispatches?.ours));
    return `| ${[row.name, row.backend, ...cells, ...time].join(' | ')} |`;
  });
  const head = '| | | PEFT / ours | plain tfjs / ours | with / without LoRA | ours |';
  return `\n${[head, '| - | - | -: | -: | -: | -: |', ...lines].join('\n')}\n\n`;
}

/** By the name between the comments that they stand between. */
const TABLES = {
  rank: rankTable,
  memory: memoryTable,
  agents: agentsTable,
  adapters: adaptersTable,
  speed: speedTable,
};

/** Without the padding that the formatter gives a table. */
const plain = (text: string) => text.replace(/ +/g, ' ').replace(/-{2,}/g, '-');

// `UPDATE_SNAPSHOTS=1 npm test` writes the tables anew.
for (const [name, table] of Object.entries(TABLES)) {
  test(`the README tells what was measured: the ${name} table`, () => {
    const readme = readFileSync(README, 'utf8');
    const between = new RegExp(`(<!-- ${name} table -->\\n)[^]*(<!-- end of ${name} table -->)`);
    assert.match(readme, between);
    const wanted = readme.replace(between, `$1${table()}$2`);
    if (process.env.UPDATE_SNAPSHOTS) writeFileSync(README, wanted);
    else assert.equal(plain(readme), plain(wanted));
  });
}
