import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AdapterBank, cat, combineAdapters, loadAdapter } from '../../adapter';
import { CHAT_QUESTIONS, HOME_RECIPE, isSameCall } from '../../course/home';
import { HOME, smolLM2 } from '../../course/shipped';
import { injectLora, removeLora } from '../../lora';
import {
  encodeChat,
  generate,
  type LanguageModel,
  loadChatTemplate,
  loadModel,
  loadTokenizer,
} from '../../model';
import {
  adapterOf,
  answerAll,
  completeRecipe,
  encodeRows,
  type Example,
  fineTune,
  IGNORED,
  readData,
  validationLoss,
} from '../../train';
import { provenance, round, runIfChild, type TrainingMessage } from '../measure';

const SCALES = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5];

/** Trains and measures with one seed. @param quick for two steps and four questions */
async function homeRun(
  seed: number,
  quick: boolean,
  command: string,
  tell: (message: TrainingMessage) => void,
): Promise<void> {
  const origin = await provenance();
  const source = await smolLM2();
  const model = await loadModel(source);
  const tokenizer = await loadTokenizer(source, model.config);
  const template = await loadChatTemplate(source);
  const data = await readData(HOME);
  const encode = (rows: Iterable<typeof data.train extends Iterable<infer R> ? R : never>) =>
    encodeRows(tokenizer, rows, { template });
  const cut = (examples: Example[], count: number) => examples.slice(0, quick ? count : undefined);
  const [train, valid, test] = [
    cut(encode(data.train), 4),
    cut(encode(data.valid), 2),
    cut(encode(data.test), 4),
  ];
  const prompts = CHAT_QUESTIONS.slice(0, quick ? 2 : undefined).map((content) =>
    encodeChat(tokenizer, template, [{ role: 'user', content }], { generationPrompt: true }),
  );
  const chats = await ownAnswers(model, prompts);
  const countRight = async () => {
    const answers = await answerAll(model, tokenizer, test);
    return answers.filter(({ written, expected }) => isSameCall(written, expected)).length;
  };
  const base = await countRight();

  const recipe = completeRecipe('home', {
    ...HOME_RECIPE,
    seed,
    ...(quick && { batch_size: 2, epochs: 1 }),
  });
  injectLora(model, adapterOf(recipe));
  const folder = mkdtempSync(path.join(tmpdir(), 'home-'));
  let steps = 0;
  const start = performance.now();
  for await (const { step, loss } of fineTune({ model, train, valid, folder, recipe })) {
    tell({ step, loss });
    steps = step;
  }
  const seconds = round((performance.now() - start) / 1000, 1);
  const adapter = await countRight();
  const scales = await measureScales(model, folder, { home: test.slice(0, 50), chat: chats });
  rmSync(folder, { recursive: true });
  const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  const measured = { steps, base, adapter, answered: test.length, scales, peakMegabytes };
  tell({ row: { command, ...origin, seed, seconds, ...measured } });
}

/** The base's own answers: what it says less likely later, it has moved away from. */
async function ownAnswers(model: LanguageModel, prompts: number[][]): Promise<Example[]> {
  const answers = await generate(model, prompts, { maxNewTokens: 24 });
  return prompts.map((prompt, i) => ({
    ids: [...prompt, ...(answers[i] ?? [])],
    labels: [...prompt.map(() => IGNORED), ...(answers[i] ?? [])],
  }));
}

async function measureScales(
  model: LanguageModel,
  folder: string,
  { home, chat }: { home: Example[]; chat: Example[] },
) {
  removeLora(model);
  const bank = new AdapterBank(model);
  await bank.add('as trained', () => loadAdapter(model, folder));
  const scales = [];
  for (const scale of SCALES) {
    const scaled = [{ layers: bank.layers('as trained'), weight: scale }];
    await bank.add(`${scale}`, await combineAdapters(scaled, cat()));
    bank.activate(`${scale}`);
    const lossOf = async (rows: Example[]) => round((await validationLoss(model, rows)).loss, 4);
    scales.push({ scale, home: await lossOf(home), chat: await lossOf(chat) });
  }
  bank.dispose();
  return scales;
}

runIfChild(([seed, quick, command], tell) =>
  homeRun(seed as number, quick as boolean, command as string, tell),
);
