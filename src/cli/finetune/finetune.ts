import { existsSync } from 'node:fs';
import { wilson } from '../../course/measure';
import { readJson } from '../../files/local';
import { formatTrainableParameters, injectLora } from '../../lora';
import { ArgumentError } from '../../tensor/errors';
import {
  adapterOf,
  assertNoRun,
  assertSameRecipe,
  type Answer,
  answerAll,
  completeRecipe,
  cutExamples,
  type Data,
  describeExamples,
  encodeRows,
  type Example,
  fineTune,
  type FineTuneStep,
  labelledPieces,
  readData,
  type Recipe,
  runFolder,
  type ValidationLoss,
  validationLoss,
} from '../../train';
import { progressBar } from '../measure';
import { type OpenModel, openModel } from './open-model';
import { type FineTuneArgs, parseFineTuneArgs } from './options';

/** Rows of the test set that are answered, at most: each costs a second or so. */
const ANSWERED = 50;

/**
 * Adapts a model to rows of one's own, and writes the adapter. See docs/finetune.md.
 * @returns 0, or 130 if it was interrupted
 */
export async function finetune(args: string[]): Promise<number> {
  const options = parseFineTuneArgs(args);
  const recipe = await readRecipe(options);
  const data = await readData(recipe.data, { seed: recipe.seed });
  const { train, valid, test } = data;
  console.log(
    `${recipe.data}: ${train.length} rows to learn from, ${valid.length} to choose by, ${test.length} to judge by.`,
  );
  for (const [name, rows] of Object.entries({ valid, test })) {
    const known = rows.countIn(train);
    if (known > 0) {
      console.log(
        `${known} of the ${rows.length} rows of ${name} are in train too: they say nothing about new ones.`,
      );
    }
  }
  const open = await openModel(recipe.model);
  const examples = encodeAll(open, data, recipe);
  showRow(open, examples.train[0] as Example);
  const { model } = open;
  const base = await judge(open, examples, recipe);
  injectLora(model, adapterOf(recipe));
  console.log(formatTrainableParameters(model));
  const stoppedAt = await learn(open, examples, recipe, options);
  if (stoppedAt) {
    const { step, steps } = stoppedAt;
    console.log(
      `Stopped after step ${step} of ${steps}. Go on: npm run finetune -- --out ${options.out} --resume`,
    );
    return 130;
  }
  report(base, await judge(open, examples, recipe));
  const { maxRSS } = process.resourceUsage();
  console.log(`The process had ${Math.round(maxRSS / 1024)} MB at most.`);
  console.log(`The best adapter is in ${options.out}, in PEFT's files.`);
  console.log(`Talk to it: npm run chat -- --adapter ${options.out}`);
  model.dispose();
  return 0;
}

/**
 * Reads the recipe of the file, or of the run that goes on, with what the flags change.
 * @throws ArgumentError if model or data are missing, or the folder is not as it must be
 */
async function readRecipe({ out, resume, recipe: file, given }: FineTuneArgs): Promise<Recipe> {
  const files = runFolder(out);
  if (!resume) assertNoRun('finetune', files);
  else if (!existsSync(files.recipe)) {
    throw new ArgumentError(
      `finetune: ${out} must hold a run to go on with, but has no recipe.json. Begin anew, without --resume.`,
    );
  }
  const from = file ?? (resume ? files.recipe : undefined);
  const written = from === undefined ? {} : await readJson('finetune', from);
  const date = { date: new Date().toISOString() };
  const recipe = completeRecipe('finetune', { ...date, ...written, ...given });
  const missing = (['model', 'data'] as const).filter((key) => recipe[key] === '');
  if (missing.length > 0) {
    throw new ArgumentError(
      `finetune: ${missing.map((key) => `--${key}`).join(' and ')} must be given, such as --model HuggingFaceTB/SmolLM2-135M-Instruct --data my-data --out my-adapter.`,
    );
  }
  if (resume) await assertSameRecipe('finetune', files, recipe);
  return recipe;
}

type Examples = Record<keyof Data, readonly Example[]>;

function encodeAll(
  { model, tokenizer, template }: OpenModel,
  data: Data,
  recipe: Recipe,
): Examples {
  const [eosTokenId] = model.config.eosTokenIds;
  if (!template)
    console.log(
      'The model has no chat template: a prompt and its completion are joined as they are.',
    );
  const longest = Math.min(recipe.max_length, model.config.maxPositions);
  const encode = (name: keyof Data) => {
    const encoded = encodeRows(tokenizer, data[name], {
      ...(template && { template }),
      ...(eosTokenId !== undefined && { eosTokenId }),
      now: new Date(recipe.date),
    });
    const { examples, note } = cutExamples(encoded, longest);
    if (note) console.log(`${name}: ${note}`);
    if (examples.length > 0 || encoded.length === 0) return examples;
    throw new ArgumentError(
      `finetune: a row of ${name} must have something to learn within ${longest} tokens, got none. Make --max-length larger.`,
    );
  };
  const examples = { train: encode('train'), valid: encode('valid'), test: encode('test') };
  console.log(describeExamples(examples.train));
  return examples;
}

/** Prints a row as the model sees it; what is learned is underlined, or stands in [[ ]] in a file. */
function showRow({ tokenizer }: OpenModel, example: Example): void {
  const [begin, end] = process.stdout.isTTY ? ['\u001b[4m', '\u001b[24m'] : ['[[', ']]'];
  const text = labelledPieces(tokenizer, example).map((piece) =>
    piece.isLearned ? `${begin}${piece.text}${end}` : piece.text,
  );
  console.log(
    `The first row, with what is learned ${process.stdout.isTTY ? 'underlined' : 'in [[ ]]'}:`,
  );
  console.log(`  ${text.join('').trimEnd().replaceAll('\n', '\n  ')}`);
}

/** The losses of a model, and its answers to the rows that have one. */
interface Judgement {
  valid: ValidationLoss;
  /** null if there are no such rows */
  test: ValidationLoss | null;
  answers: Answer[];
}

async function judge(
  { model, tokenizer }: OpenModel,
  examples: Examples,
  { eval_rows: most }: Recipe,
): Promise<Judgement> {
  const [valid, test] = [examples.valid.slice(0, most), examples.test.slice(0, most)];
  const asked = test.length > 0 ? test : valid;
  return {
    valid: await validationLoss(model, valid),
    test: test.length > 0 ? await validationLoss(model, test) : null,
    answers: await answerAll(model, tokenizer, asked.slice(0, ANSWERED)),
  };
}

/** Trains to the end, or until it is interrupted. @returns the step that it was interrupted after, if so */
async function learn(
  { model }: OpenModel,
  examples: Examples,
  recipe: Recipe,
  { out, resume }: FineTuneArgs,
): Promise<FineTuneStep | null> {
  const config = { base_model_name_or_path: recipe.model };
  const { train, valid } = examples;
  const training = fineTune({ model, train, valid, folder: out, recipe, resume, config });
  let interrupted = false;
  const interrupt = () => (interrupted = true);
  process.once('SIGINT', interrupt);
  let bar: ReturnType<typeof progressBar> | undefined;
  let stoppedAt: FineTuneStep | null = null;
  try {
    for await (const step of training) {
      bar ??= progressBar('training', step.steps);
      bar.update(step.step, { loss: step.loss.toFixed(3) });
      if (step.validation) console.log(describeValidation(step));
      if (interrupted) {
        stoppedAt = step;
        break;
      }
    }
  } finally {
    bar?.stop();
    process.removeListener('SIGINT', interrupt);
  }
  return stoppedAt;
}

function describeValidation({ step, validation, tokensPerSecond = 0 }: FineTuneStep): string {
  const best = validation?.isBest ? ', the best so far' : '';
  const exact = validation?.answered
    ? `, ${validation.exact} of ${validation.answered} answers exact`
    : '';
  return `\nstep ${step}: validation loss ${withMargin(validation)}${best}${exact}; ${tokensPerSecond.toFixed(0)} tokens/s`;
}

function withMargin(measured: ValidationLoss | null | undefined): string {
  return measured ? `${measured.loss.toFixed(3)} ± ${measured.margin.toFixed(3)}` : '-';
}

/** Prints losses, right answers with their intervals, and one answer of both. */
function report(base: Judgement, adapted: Judgement): void {
  const rows = { base, adapted };
  const table = Object.entries(rows).map(([name, { valid, test, answers }]) => [
    name,
    {
      'validation loss': withMargin(valid),
      ...(test && { 'test loss': withMargin(test) }),
      ...(answers.length > 0 && { 'exact answers': exactShare(answers) }),
    },
  ]);
  console.table(Object.fromEntries(table));
  const [one, other] = [base.answers[0], adapted.answers[0]];
  if (!one || !other) return;
  console.log(`A row that was held back:\n  ${one.prompt.replaceAll('\n', '\n  ')}`);
  for (const [name, text] of [
    ['right', one.expected],
    ['base', one.written],
    ['adapted', other.written],
  ] as const) {
    console.log(`${name.padStart(8)}: ${text.replaceAll('\n', '\n          ')}`);
  }
}

/** The share of the answers that are equal to the row's, with its 95 % interval. */
function exactShare(answers: readonly Answer[]): string {
  const right = answers.filter(({ expected, written }) => expected === written).length;
  const [low, high] = wilson(right, answers.length);
  const percent = (share: number) => (100 * share).toFixed(0);
  return `${right} of ${answers.length} (${percent(low)} to ${percent(high)} %)`;
}
