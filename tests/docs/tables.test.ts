import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readWings } from '../../src/cli/testing';
import { compareMeans, mean, standardDeviation, wilson } from '../../src/course/measure';
import { pages, root } from './pages';

type Row = Record<string, unknown>;

/** The rows of a file in data/results. */
function readResults(name: string): Row[] {
  return JSON.parse(readFileSync(join(root, 'data/results', `${name}.json`), 'utf8')) as Row[];
}

const NAMES = {
  lora: (r: unknown) => `LoRA, r = ${String(r)}, s = 32 / r`,
  rslora: (r: unknown) => `rsLoRA, r = ${String(r)}, s = 11.3 / √r`,
  full: () => 'full fine-tuning',
};

interface Trained {
  method: string;
  r: number | null;
  learningRate: number;
  trainable: number;
  exactMatch: number;
  testLoss: number;
}

const trained = (file: string) => readResults(file) as unknown as Trained[];

/** One line per setting, over all its seeds. */
function rankTable(): string {
  const groups = new Map<string, Trained[]>();
  for (const row of trained('sweep-rank')) {
    const name = NAMES[row.method as keyof typeof NAMES](row.r);
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  const seeds = new Set([...groups.values()].map(({ length }) => length));
  assert.equal(seeds.size, 1, 'each setting has as many seeds as the others');
  const lines = [...groups].map(([name, rows]) => {
    const exact = rows.map(({ exactMatch }) => 100 * exactMatch);
    const loss = mean(rows.map(({ testLoss }) => testLoss)).toFixed(3);
    const { trainable, learningRate } = rows[0] as Trained;
    const share = `${mean(exact).toFixed(1)} ± ${standardDeviation(exact).toFixed(1)} %`;
    return `| ${name} | ${trainable.toLocaleString('en-US')} | ${learningRate} | ${share} | ${loss} |`;
  });
  const head = `| | trained parameters | learning rate | exact match, ${[...seeds].join()} seeds | test loss |`;
  return `\n${[head, '| - | -: | -: | -: | -: |', ...lines].join('\n')}\n\n`;
}

/** One line per comparison: the difference of the means with its interval, and what it shows. */
function differencesTable(): string {
  const of = (file: string, method: string, r: number | null) =>
    trained(file)
      .filter((row) => row.method === method && row.r === r)
      .map(({ exactMatch }) => 100 * exactMatch);
  const rank = (r: number | null, method = r === null ? 'full' : 'lora') =>
    of('sweep-rank', method, r);
  const variants = { rslora: 'rsLoRA', dora: 'DoRA', pissa: 'PiSSA', loraplus: 'LoRA+' };
  const compared: [what: string, from: number[], to: number[]][] = [
    ['rank 4 instead of 1', rank(1), rank(4)],
    ['rank 64 instead of 4', rank(4), rank(64)],
    ['full fine-tuning instead of rank 4', rank(4), rank(null)],
    ['rsLoRA instead of LoRA, rank 1', rank(1), rank(1, 'rslora')],
    ['rsLoRA instead of LoRA, rank 4', rank(4), rank(4, 'rslora')],
    ['rsLoRA instead of LoRA, rank 64', rank(64), rank(64, 'rslora')],
    ['QLoRA instead of LoRA, rank 8', of('sweep-qlora', 'lora', 8), of('sweep-qlora', 'qlora', 8)],
  ];
  for (const [method, name] of Object.entries(variants)) {
    const [from, to] = [of('sweep-variants', 'lora', 16), of('sweep-variants', method, 16)];
    compared.push([`${name} instead of LoRA, rank 16, 300 steps`, from, to]);
  }
  const lines = compared.map(([what, from, to]) => {
    const { difference, interval } = compareMeans(from, to);
    const [low, high] = interval;
    const shown = low > 0 ? 'more' : high < 0 ? 'less' : 'none';
    const ends = interval.map((end) => end.toFixed(1)).join(' to ');
    return `| ${what} | ${difference.toFixed(1)} (${ends}) | ${shown} | ${from.length} and ${to.length} |`;
  });
  const head = '| | points of exact match (95 % interval) | difference shown | seeds |';
  return `\n${[head, '| - | -: | - | -: |', ...lines].join('\n')}\n\n`;
}

/** One line per base and method. */
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

/** One line per way to work. */
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

/** One line per measurement of three adapters in one batch. */
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
  device: string;
  r?: number;
  tokens?: number;
  outFeatures?: number;
  peftOverOurs?: number;
  tfjsOverOurs?: number;
  overBase?: { ours: number };
  dispatches?: Record<'ours' | 'tfjs', number>;
  peakMegabytes?: Record<'peft' | 'ours' | 'tfjs', number>;
  'milliseconds [median, quartiles]'?: Partial<Record<'peft' | 'ours', [number, number, number]>>;
}

/** Layers are shown in one size and rank, everything else in full. */
function isShown({ what, backend, r, tokens, outFeatures }: Speed): boolean {
  if (what !== 'linear') return what !== 'machine';
  return r === 8 && outFeatures === 2304 && (backend === 'wasm' || (tokens ?? 0) > 128);
}

/** One line per measurement: how many times as long, or as much, the others take. */
function speedTable(): string {
  const rows = (readResults('bench') as unknown as Speed[]).filter(isShown);
  assert.ok(rows.length > 0);
  const times = (ratio: number | undefined) => ratio?.toFixed(2) ?? '-';
  const lines = rows.map((row) => {
    const { peft = NaN, ours = NaN, tfjs = NaN } = row.peakMegabytes ?? {};
    const [ms] = row['milliseconds [median, quartiles]']?.ours ?? [];
    const cells = row.peakMegabytes
      ? [times(peft / ours), times(tfjs / ours), '-', `${ours} MB`]
      : [row.peftOverOurs, row.tfjsOverOurs, row.overBase?.ours].map(times);
    const time = ms === undefined ? [] : [`${ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`];
    if (row.what === 'dispatches') time.push(String(row.dispatches?.ours));
    return `| ${[row.name, row.backend, ...cells, ...time].join(' | ')} |`;
  });
  const head = '| | | PEFT / ours | tfjs ops / ours | with / without LoRA | ours |';
  return `\n${[head, '| - | - | -: | -: | -: | -: |', ...lines].join('\n')}\n\n`;
}

/** One line per measurement beside PyTorch and PEFT, on the processor that the head names. */
function smollm2Table(): string {
  const rows = (readResults('bench-smollm2') as unknown as Speed[]).filter(isShown);
  const places = new Set(rows.map(({ device }) => device.split('; ')[0]));
  assert.equal(places.size, 1, 'all rows are of one machine');
  const lines = rows.map((row) => {
    const times = row['milliseconds [median, quartiles]'] ?? {};
    const show = (rival: 'peft' | 'ours') =>
      row.peakMegabytes
        ? `${row.peakMegabytes[rival]} MB`
        : `${((times[rival]?.[0] ?? NaN) / 1000).toFixed(2)} s`;
    const { peft = NaN, ours = NaN } = row.peakMegabytes ?? {};
    const ratio = row.peftOverOurs ?? peft / ours;
    return `| ${[row.name, show('peft'), show('ours'), ratio.toFixed(2)].join(' | ')} |`;
  });
  assert.equal(lines.length, 4);
  const head = `| measured on ${[...places].join()} | PEFT | ours | PEFT / ours |`;
  return `\n${[head, '| - | -: | -: | -: |', ...lines].join('\n')}\n\n`;
}

/** What each command of setup.json measures; its times come after it. */
const TIMED: Record<string, (row: Row) => string> = {
  'first npm start': () =>
    '`npm start`, nothing installed, empty caches, until the lesson is served',
  'second npm start': () => '`npm start`, every later time',
  'npm run lesson': () => 'the lesson from top to bottom, kernel start included',
  'npm run lesson -- notebooks/05b_finetune.ipynb': ({ training_seconds }) =>
    `notebook 05b, with ${(training_seconds as number).toFixed(0)} s of training`,
  'npm run lesson -- notebooks/05c_agents.ipynb': () => 'notebook 05c, with the shipped adapters',
};

function duration(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)];
  return minutes > 0 ? `${minutes} min ${rest} s` : `${Math.round(seconds)} s`;
}

/** One line per measured command, and what the set-up takes on disk. */
function timesTable(): string {
  const rows = readResults('setup');
  const devices = new Set(rows.map(({ device }) => String(device)));
  assert.equal(devices.size, 1, 'all of setup.json is of one device');
  const lines = rows.map((row) => {
    const command = String(row.command);
    const what = TIMED[command]?.(row) ?? `\`${command}\``;
    return `| ${what} | ${duration(row.seconds as number)} |`;
  });
  const sizes = Object.entries({
    node_modules: 'node_modules',
    '.venv': 'venv',
    '.native': 'native',
  }).map(([folder, key]) => [folder, rows[0]?.[`${key}_megabytes`] as number] as const);
  const all = sizes.reduce((sum, [, megabytes]) => sum + megabytes, 0);
  const each = sizes.map(([folder, megabytes]) => `\`${folder}\` ${megabytes} MB`).join(', ');
  lines.push(`| disk: ${each} | ${(all / 1000).toFixed(1)} GB |`);
  const head = [`| measured on ${[...devices].join()} | |`, '| - | -: |'];
  return `\n${[...head, ...lines].join('\n')}\n\n`;
}

/** One line per length of a row: without checkpoints of blocks, and with them. */
function checkpointTable(): string {
  const rows = readResults('checkpoint-memory');
  const devices = new Set(rows.map(({ device }) => String(device)));
  const lengths = [...new Set(rows.map(({ tokens }) => tokens as number))];
  const lines = lengths.map((tokens) => {
    const both = [false, true].map((checkpointBlocks) =>
      rows.find((row) => row.tokens === tokens && row.checkpointBlocks === checkpointBlocks),
    );
    const peaks = both.map((row) => `${((row?.stepPeakBytes as number) / 1e6).toFixed(0)} MB`);
    const times = both.map((row) => `${(row?.stepSeconds as number).toFixed(2)} s`);
    return `| ${[`${tokens.toLocaleString('en-US')} tokens`, ...peaks, ...times].join(' | ')} |`;
  });
  const head = `| measured on ${[...devices].join()} | more in a step | with checkpoints | a step | with checkpoints |`;
  return `\n${[head, '| - | -: | -: | -: | -: |', ...lines].join('\n')}\n\n`;
}

interface HomeResult {
  seed: number;
  device: string;
  steps: number;
  seconds: number;
  base: number;
  adapter: number;
  answered: number;
  scales: { scale: number; home: number; chat: number }[];
}

/** One line per seed: what SmolLM2 learns of the home's rows. */
function homeTable(): string {
  const rows = readResults('home') as unknown as HomeResult[];
  const devices = new Set(rows.map(({ device }) => device));
  const percent = (share: number) => (100 * share).toFixed(1);
  const lines = rows.map(({ seed, steps, seconds, base, adapter, answered }) => {
    const [low, high] = wilson(adapter, answered).map(percent);
    const right = `${percent(adapter / answered)} % (${low} to ${high})`;
    return `| ${[seed, steps, `${seconds.toFixed(0)} s`, `${percent(base / answered)} %`, right].join(' | ')} |`;
  });
  const head = `| seed, on ${[...devices].join()} | steps | training | base | adapter, with 95 % interval |`;
  return `\n${[head, '| -: | -: | -: | -: | -: |', ...lines].join('\n')}\n\n`;
}

/** One line per kind of batches: what is padding, and how fast it is learned. */
function homeBatchesTable(): string {
  const lines = readResults('home-batches').map(({ kind, padding, tokensPerSecond }) => {
    const share = `${(100 * Number(padding)).toFixed(1)} %`;
    return `| ${[kind, share, Number(tokensPerSecond)].map(String).join(' | ')} |`;
  });
  const head = '| batches | padding | tokens in a second |';
  return `\n${[head, '| - | -: | -: |', ...lines].join('\n')}\n\n`;
}

/** One line per scale of the adapter: means over the seeds. */
function homeScalesTable(): string {
  const rows = readResults('home') as unknown as HomeResult[];
  const lines = (rows[0]?.scales ?? []).map(({ scale }, i) => {
    const losses = (['home', 'chat'] as const).map((kind) =>
      mean(rows.map(({ scales }) => scales[i]?.[kind] ?? NaN)).toFixed(3),
    );
    return `| ${[scale, ...losses].join(' | ')} |`;
  });
  const head = "| scale | loss of the home's calls | loss of the base's own answers |";
  return `\n${[head, '| -: | -: | -: |', ...lines].join('\n')}\n\n`;
}

/** One line per quantity: a GGUF file's weights widened, and as they are. */
function packedTable(): string {
  const rows = readResults('packed-memory');
  const devices = new Set(rows.map(({ device }) => String(device)));
  const line = (what: string, key: string, unit: string) =>
    `| ${[what, ...rows.map((row) => `${String(row[key])} ${unit}`)].join(' | ')} |`;
  const lines = [
    line('weights', 'weightMegabytes', 'MB'),
    line('the process before anything is loaded', 'startMegabytes', 'MB'),
    line('at most, while it loads', 'loadPeakMegabytes', 'MB'),
    line('at most, after 6 steps', 'stepPeakMegabytes', 'MB'),
    line('a step', 'stepSeconds', 's'),
  ];
  const names = rows.map(({ weights }) => String(weights)).join(' | ');
  const head = [`| measured on ${[...devices].join()} | ${names} |`, '| - | -: | -: |'];
  return `\n${[...head, ...lines].join('\n')}\n\n`;
}

interface SoakRow {
  work: string;
  times: number;
  tensors?: number;
  nativeHandles?: number;
  growthPercent?: number;
  halfWritten?: number;
}

/** One line per kind of work. */
function soakTable(): string {
  const lines = (readResults('soak') as unknown as SoakRow[]).map((row) => {
    const { work, times, tensors, nativeHandles, growthPercent, halfWritten } = row;
    const left = tensors === undefined ? '' : `${tensors}, ${nativeHandles}`;
    const growth = growthPercent === undefined ? '' : `${growthPercent} %`;
    return `| ${work} | ${times.toLocaleString('en-US')} | ${left} | ${growth} | ${halfWritten ?? ''} |`;
  });
  const head =
    '| | times | tensors and native handles left | growth of memory, first to last tenth | half-written |';
  return `\n${[head, '| - | -: | -: | -: | -: |', ...lines].join('\n')}\n\n`;
}

/** One line per wing, the highest first, and one per room. */
function wingsTable(): string {
  const lines = Object.entries(readWings())
    .reverse()
    .flatMap(([wing, { holds, imports, rooms }]) => [
      `| **\`${wing}\`** | ${holds} | ${imports.join(', ')} |`,
      ...Object.entries(rooms).map(([room, { holds }]) => `| \`${wing}/${room}\` | ${holds} | |`),
    ]);
  const head = ['| wing and rooms | holds | imports |', '| - | - | - |'];
  return `\n${[...head, ...lines].join('\n')}\n\n`;
}

/** By the name in the comments around each. */
const TABLES = {
  times: timesTable,
  rank: rankTable,
  differences: differencesTable,
  memory: memoryTable,
  agents: agentsTable,
  adapters: adaptersTable,
  speed: speedTable,
  smollm2: smollm2Table,
  packed: packedTable,
  checkpoint: checkpointTable,
  home: homeTable,
  'home scales': homeScalesTable,
  'home batches': homeBatchesTable,
  soak: soakTable,
  wings: wingsTable,
};

/** Without the padding that the formatter gives a table. */
const plain = (text: string) => text.replace(/ +/g, ' ').replace(/-{2,}/g, '-');

// `UPDATE_SNAPSHOTS=1 npm test` writes the tables anew.
for (const [name, table] of Object.entries(TABLES)) {
  test(`the docs tell what was measured: the ${name} table`, () => {
    const between = new RegExp(`(<!-- ${name} table -->\\n)[^]*(<!-- end of ${name} table -->)`);
    const [page, ...others] = pages().filter(({ text }) => between.test(text));
    assert.ok(page && others.length === 0, `one page must have the ${name} table`);
    const made = table();
    const wanted = page.text.replace(
      between,
      (_, start: string, end: string) => start + made + end,
    );
    if (process.env.UPDATE_SNAPSHOTS) writeFileSync(page.file, wanted);
    else assert.equal(plain(page.text), plain(wanted));
  });
}

test('the README is at most 9 KB', () => {
  const bytes = Buffer.byteLength(readFileSync(join(root, 'README.md')));
  assert.ok(bytes <= 9 * 1024, `${bytes} bytes`);
});
