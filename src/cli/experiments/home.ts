import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AdapterBank, cat, combineAdapters, loadAdapter } from '../../adapter';
import { CHAT_QUESTIONS, HOME_RECIPE, isSameCall } from '../../course/home';
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
  encodeRows,
  type Example,
  fineTune,
  IGNORED,
  readData,
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
 * rows held back. Writes a row for each seed to data/results/home.json.
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
