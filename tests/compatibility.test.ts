import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { mergeEmbeddings } from '../src/adapter/embedding';
import { loadAdapter, savePretrained } from '../src/adapter/peft';
import { mergeLora } from '../src/lora';
import { read, useAccelerator } from '../src/tensor/runtime';
import { assertClose } from './close';
import { decodeFloat32, FIXTURES } from './fixture';
import { baseOf, Net, outputOf, type PeftCase, peftCases, writeCase } from './peft-cases';

const PAGE = path.join(__dirname, '../../docs/correctness.md');
const BETWEEN = /(<!-- compatibility table -->\n)[^]*(<!-- end of compatibility table -->)/;

/** A feature of PEFT's, and how its adapters are known. The first that fits counts. */
const FEATURES: [string, (config: Config, name: string) => boolean][] = [
  [
    '`target_modules` = lm_head, a layer of its own',
    ({ target_modules }) => JSON.stringify(target_modules).includes('lm_head'),
  ],
  [
    'embeddings',
    ({ target_modules }) => /wte|wpe|w\.e|embed_tokens/.test(JSON.stringify(target_modules)),
  ],
  ['`save_embedding_layers`', (_, name) => /^(the table|table and head)$/.test(name)],
  ['`modules_to_save`', ({ modules_to_save }) => modules_to_save !== null],
  ['`bias` = all, lora_only', ({ bias }) => bias !== 'none'],
  ['`use_dora`', ({ use_dora }) => use_dora === true],
  ['`use_rslora`', ({ use_rslora }) => use_rslora === true],
  [
    '`rank_pattern`, `alpha_pattern`',
    ({ rank_pattern, alpha_pattern }) =>
      Object.keys({ ...(rank_pattern as object), ...(alpha_pattern as object) }).length > 0,
  ],
  ['`exclude_modules`', ({ exclude_modules }) => exclude_modules !== null],
  [
    '`layers_to_transform`, `layers_pattern`',
    ({ layers_to_transform }) => layers_to_transform !== null,
  ],
  ['`lora_dropout`', ({ lora_dropout }) => lora_dropout !== 0],
  [
    '`init_lora_weights` = gaussian, orthogonal',
    ({ init_lora_weights }) => init_lora_weights !== true,
  ],
  ['weights in float16, bfloat16', (_, name) => name.includes('float16')],
  ['`target_modules` = all-linear', (_, name) => /all-linear/i.test(name)],
  ['`target_modules` as a pattern', ({ target_modules }) => typeof target_modules === 'string'],
  ['`target_modules` as a list', () => true],
];

/** What else PEFT 0.21 has for LoRA, as a config says it. */
const REFUSED: Record<string, unknown>[] = [
  { init_lora_weights: 'pissa' },
  { init_lora_weights: 'olora' },
  { init_lora_weights: 'corda' },
  { init_lora_weights: 'loftq' },
  { init_lora_weights: 'lora_ga' },
  { lora_bias: true },
  { target_parameters: ['weight'] },
  { trainable_token_indices: [1] },
  { ensure_weight_tying: true },
  { layer_replication: [[0, 1]] },
  { alora_invocation_tokens: [1] },
  { arrow_config: { top_k: 3 } },
  { kasa_config: { a: 1 } },
  { monteclora_config: { a: 1 } },
  { velora_config: { a: 1 } },
  { use_qalora: true },
  { use_bdlora: { a: 1 } },
  { megatron_config: { a: 1 } },
];

/** Refused only on models whose head is their embedding table, such as these. */
const HEAD = { target_modules: ['lm_head'] };
const TIED = ['gpt2', 'llama', 'qwen2', 'gemma3'];

type Config = Record<string, unknown>;
type Step = 'loads' | 'saves' | 'merges';

const folder = mkdtempSync(path.join(tmpdir(), 'compatibility-'));
after(() => rmSync(folder, { recursive: true }));
before(useAccelerator);

type Counts = Record<Step | 'tried', number>;

/** By feature, and by the model's `model_type`. */
const [byFeature, byModel] = [new Map<string, Counts>(), new Map<string, Counts>()];

async function values(model: Awaited<ReturnType<typeof baseOf>>, one: PeftCase) {
  const y = outputOf(model, one);
  return read(y).finally(() => y.dispose());
}

/** Which of the steps agree with PEFT, each by itself. */
async function tryCase(one: PeftCase): Promise<Set<Step>> {
  const [theirs, ours] = [path.join(folder, 'theirs'), path.join(folder, 'ours')];
  const done = new Set<Step>();
  await writeCase(one, theirs);
  const model = await baseOf(one.kind);
  const agrees = async () => assertClose(await values(model, one), decodeFloat32(one.y), 1e-5);
  const attempt = async (step: Step, run: () => Promise<void>) =>
    run().then(
      () => done.add(step),
      () => undefined,
    );
  const { config } = await loadAdapter(model, theirs);
  await attempt('loads', agrees);
  await attempt('saves', async () => {
    await savePretrained(model, ours, { config });
    const text = (at: string) => readFileSync(path.join(at, 'adapter_config.json'), 'utf8');
    assert.deepEqual(JSON.parse(text(ours)), JSON.parse(text(theirs)));
    const again = await baseOf(one.kind);
    await loadAdapter(again, ours);
    assert.deepEqual(await values(again, one), await values(model, one));
    again.dispose();
  });
  await attempt('merges', async () => {
    await mergeLora(model);
    await mergeEmbeddings(model);
    await agrees();
  });
  model.dispose();
  return done;
}

function count(results: Map<string, Counts>, row: string, done: ReadonlySet<Step>): void {
  const counts = results.get(row) ?? { tried: 0, loads: 0, saves: 0, merges: 0 };
  counts.tried += 1;
  for (const step of done) counts[step] += 1;
  results.set(row, counts);
}

function modelOf({ kind }: PeftCase): string {
  if (kind === 'net') return 'a net of linear layers';
  const at = path.join(FIXTURES, kind === 'gpt2' ? 'gpt2_tiny' : `llama_tiny/${kind}`);
  const json = JSON.parse(readFileSync(path.join(at, 'config.json'), 'utf8')) as Config;
  return `\`${String(json.model_type)}\``;
}

test('every adapter that PEFT saved is tried', async () => {
  for (const one of peftCases) {
    const config = JSON.parse(one.config) as Config;
    const [feature = ''] = FEATURES.find(([, fits]) => fits(config, one.name)) ?? [];
    const done = await tryCase(one);
    count(byFeature, feature, done);
    count(byModel, modelOf(one), done);
  }
  assert.deepEqual([...byFeature.keys()].sort(), FEATURES.map(([feature]) => feature).sort());
});

test('what is unsupported is refused by its name', async () => {
  const [one] = peftCases as [PeftCase];
  for (const change of REFUSED) {
    const config = JSON.stringify({ ...(JSON.parse(one.config) as Config), ...change });
    await writeCase({ ...one, config }, folder);
    const [key = ''] = Object.keys(change);
    await assert.rejects(loadAdapter(new Net(), folder), new RegExp(`${key} = .*unsupported`));
  }
  for (const tied of TIED) {
    const some = peftCases.find(({ kind }) => kind === tied) as PeftCase;
    const config = JSON.stringify({ ...(JSON.parse(some.config) as Config), ...HEAD });
    await writeCase({ ...some, config }, folder);
    const model = await baseOf(tied);
    await assert.rejects(loadAdapter(model, folder), /target_modules = .*lm_head.*unsupported/);
    model.dispose();
  }
});

function tableOf(results: ReadonlyMap<string, Counts>, rows: readonly string[], title: string) {
  const lines = rows.map((row) => {
    const { tried, loads, saves, merges } = results.get(row) as Counts;
    return `| ${row} | ${tried} | ${loads} | ${saves} | ${merges} |`;
  });
  const head = `| ${title} | tried | load and compute the same | save the same | merge the same |`;
  return [head, '| - | -: | -: | -: | -: |', ...lines].join('\n');
}

function tables(): string {
  const features = FEATURES.map(([feature]) => feature);
  const names = REFUSED.map((change) => {
    const [[key, value] = []] = Object.entries(change);
    return typeof value === 'string' ? `\`${key} = ${value}\`` : `\`${key}\``;
  });
  const refused = `Refused by name: ${names.join(', ')}, LoRA on convolutions, and \`target_modules\` = lm_head where the head is the embedding table, as in GPT-2. An embedding table that is also the output head, such as GPT-2's \`wte\`, is not merged.`;
  const each = [
    tableOf(byFeature, features, 'adapters of PEFT 0.21'),
    tableOf(byModel, [...byModel.keys()], 'the same by the `model_type` of their base'),
  ];
  return `\n${[...each, refused].join('\n\n')}\n\n`;
}

/** Without the padding that the formatter gives a table. */
const plain = (text: string) => text.replace(/ +/g, ' ').replace(/-{2,}/g, '-');

// `UPDATE_SNAPSHOTS=1 npm test` writes the table anew.
test('docs/correctness.md tells the result', () => {
  const page = readFileSync(PAGE, 'utf8');
  const wanted = page.replace(BETWEEN, (_, start: string, end: string) => start + tables() + end);
  assert.match(page, BETWEEN);
  assert.ok(page.includes(`reads ${peftCases.length} adapters that PEFT 0.21 saved`));
  if (process.env.UPDATE_SNAPSHOTS) writeFileSync(PAGE, wanted);
  else assert.equal(plain(page), plain(wanted));
});
