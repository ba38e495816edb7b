import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AdapterBank, cat, combineAdapters, loadAdapter } from '../../adapter';
import { CHAT_QUESTIONS, HOME_RECIPE, isSameCall } from '../../course/home';
import { quantiles } from '../../course/measure';
import { HOME, type ResultRow, smolLM2 } from '../../course/shipped';
import { projectRoot } from '../../files/local';
import { injectLora, removeLora } from '../../lora';
import {
  encodeChat,
  generate,
  type LanguageModel,
  loadChatTemplate,
  loadModel,
  loadTokenizer,
} from '../../model';
import { ArgumentError } from '../../tensor/errors';
import {
  adapterOf,
  answerAll,
  completeRecipe,
  type Data,
  drawBatches,
  encodeRows,
  type Example,
  fineTune,
  IGNORED,
  packExamples,
  readData,
  type Recipe,
  validationLoss,
} from '../../train';
import {
  parseQuickOption,
  progressBar,
  provenance,
  round,
  rowsFile,
  stepOf,
  writeRows,
} from '../measure';

const SEEDS = [1, 2, 3];
const SCALES = [0.25, 0.5, 0.75, 1, 1.25, 1.5];
/** Rows of each kind whose loss is measured at every scale. */
const SCALED_ROWS = 25;
/** Batches of nearly as many tokens: rows alike in length, and rows of several requests. */
const BATCHES: Record<string, Partial<Recipe>> = {
  'grouped by length': { batch_size: 16 },
  'packed into 256 tokens': { batch_size: 5, packing: true, max_length: 256 },
};

/** What the base and its adapters are measured with. */
interface Bench {
  model: LanguageModel;
  examples: Record<keyof Data, Example[]>;
  /** questions that have nothing to do with a home, with the base's own answers */
  chats: Example[];
  countRight: () => Promise<number>;
}

/**
 * Adapts SmolLM2 to the rows of data/home as notebook 05g does, with several seeds, and asks it all
 * rows held back. Writes a row for each seed to data/results/home.json, and what batches of two
 * kinds cost to data/results/home-batches.json.
 * @param args `--quick` makes two steps of one seed, asks four rows, and writes to artifacts/
 * @returns 0
 */
export async function home(args: string[]): Promise<number> {
  const { what, quick, command } = parseQuickOption('home', args);
  if (what !== undefined) {
    throw new ArgumentError(`home: nothing but --quick can be asked for, got ${what}.`);
  }
  const origin = await provenance();
  const bench = await open(quick);
  const answered = bench.examples.test.length;
  const base = await bench.countRight();
  const rows: ResultRow[] = [];
  for (const seed of quick ? SEEDS.slice(0, 1) : SEEDS) {
    const measured = await runSeed(bench, seed, quick);
    rows.push({ command, ...origin, seed, answered, base, ...measured });
    await writeRows(rowsFile('home', quick), rows);
  }
  console.table(rows, ['seed', 'steps', 'seconds', 'base', 'adapter', 'answered']);
  console.log(`\nRows: ${path.relative(projectRoot, rowsFile('home', quick))}`);
  const batches: ResultRow[] = [];
  for (const kind of Object.keys(BATCHES)) {
    batches.push({ command, ...origin, kind, ...(await measureBatches(bench, kind, quick)) });
  }
  await writeRows(rowsFile('home-batches', quick), batches);
  console.table(batches, ['kind', 'padding', 'tokensPerSecond']);
  return 0;
}

async function open(quick: boolean): Promise<Bench> {
  const source = await smolLM2({ say: console.log });
  const model = await loadModel(source);
  const tokenizer = await loadTokenizer(source, model.config);
  const template = await loadChatTemplate(source);
  const data = await readData(HOME);
  const encode = (rows: Data[keyof Data], few: number) =>
    encodeRows(tokenizer, rows, { template }).slice(0, quick ? few : undefined);
  const examples = {
    train: encode(data.train, 4),
    valid: encode(data.valid, 2),
    test: encode(data.test, 4),
  };
  const prompts = CHAT_QUESTIONS.slice(0, quick ? 2 : SCALED_ROWS).map((content) =>
    encodeChat(tokenizer, template, [{ role: 'user', content }], { generationPrompt: true }),
  );
  const written = await generate(model, prompts, { maxNewTokens: 24 });
  const chats = prompts.map((prompt, i) => ({
    ids: [...prompt, ...(written[i] ?? [])],
    labels: [...prompt.map(() => IGNORED), ...(written[i] ?? [])],
  }));
  const countRight = async () => {
    const answers = await answerAll(model, tokenizer, examples.test);
    return answers.filter(({ written, expected }) => isSameCall(written, expected)).length;
  };
  return { model, examples, chats, countRight };
}

async function runSeed(
  { model, examples, chats, countRight }: Bench,
  seed: number,
  quick: boolean,
) {
  const few = { batch_size: 2, epochs: 1 };
  const recipe = completeRecipe('home', { ...HOME_RECIPE, seed, ...(quick && few) });
  const folder = mkdtempSync(path.join(tmpdir(), 'home-'));
  injectLora(model, adapterOf(recipe));
  const { train, valid, test } = examples;
  let bar: ReturnType<typeof progressBar> | undefined;
  let steps = 0;
  const start = performance.now();
  for await (const report of fineTune({ model, train, valid, folder, recipe })) {
    bar ??= progressBar(`seed ${seed}`, report.steps);
    stepOf(bar)(report);
    steps = report.steps;
  }
  const seconds = round((performance.now() - start) / 1000, 1);
  bar?.stop();
  const adapter = await countRight();
  removeLora(model);
  const scales = await measureScales(model, folder, [test.slice(0, SCALED_ROWS), chats]);
  rmSync(folder, { recursive: true });
  const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  return { seconds, steps, adapter, scales, peakMegabytes };
}

/** The share of padding in batches of a kind, and the tokens in a second, padding not counted. */
async function measureBatches({ model, examples: all }: Bench, kind: string, quick: boolean) {
  const few = quick ? { batch_size: 2, epochs: 1 } : { epochs: 0.5 };
  const recipe = completeRecipe('home', { ...HOME_RECIPE, ...BATCHES[kind], ...few });
  const { batch_size: size, packing, max_length, seed } = recipe;
  const { train, valid } = all;
  const examples = packing ? packExamples(train, max_length) : train;
  const drawn = drawBatches(examples, { size, seed });
  const some = Array.from({ length: Math.ceil(examples.length / size) }, () => drawn.next().value);
  const places = some.reduce((sum, { ids }) => sum + ids.length * (ids[0]?.length ?? 0), 0);
  const tokens = some.reduce((sum, batch) => sum + (batch.tokens ?? 0), 0);
  injectLora(model, adapterOf(recipe));
  const folder = mkdtempSync(path.join(tmpdir(), 'home-'));
  const speeds: number[] = [];
  const options = { model, train, valid: valid.slice(0, 1), folder, recipe };
  const start = performance.now();
  for await (const { tokensPerSecond = NaN } of fineTune(options)) speeds.push(tokensPerSecond);
  const seconds = round((performance.now() - start) / 1000, 1);
  removeLora(model);
  rmSync(folder, { recursive: true });
  const [median] = quantiles(speeds.slice(1), 0.5);
  return {
    seed,
    seconds,
    padding: round(1 - tokens / places, 4),
    tokensPerSecond: round(median, 0),
  };
}

/** The losses of rows of both kinds, with the adapter's part scaled. */
async function measureScales(
  model: LanguageModel,
  folder: string,
  [home, chat]: [Example[], Example[]],
) {
  const bank = new AdapterBank(model);
  await bank.add('trained', () => loadAdapter(model, folder));
  const scales = [];
  for (const scale of SCALES) {
    const scaled = [{ layers: bank.layers('trained'), weight: scale }];
    await bank.add(`${scale}`, await combineAdapters(scaled, cat()));
    bank.activate(`${scale}`);
    const lossOf = async (rows: Example[]) => round((await validationLoss(model, rows)).loss, 4);
    scales.push({ scale, home: await lossOf(home), chat: await lossOf(chat) });
  }
  bank.dispose();
  return scales;
}
