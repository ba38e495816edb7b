import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { exampleOf } from '../../../tests/example';
import { freshSeed } from '../../../tests/fresh';
import { assertClose } from '../../../tests/close';
import { tinyGpt2 } from '../../../tests/tiny-gpt2';
import { someOf } from '../../../tests/some-of';
import { loadAdapter } from '../../adapter';
import { injectLora } from '../../lora';
import { generate, type GPT2 } from '../../model';
import { Draw, memory, useAccelerator } from '../../tensor/runtime';
import { completionLogProbabilities, type Example, meanLoss } from '../data';
import { countExact } from './answer-all';
import { fineTune, type FineTuneOptions, type FineTuneStep } from './fine-tune';
import { inBatches } from './in-batches';
import { adapterOf, completeRecipe, type Recipe } from './recipe';
import { validationLoss } from './validation-loss';

const root = mkdtempSync(path.join(tmpdir(), 'lora-finetune-'));
after(() => rmSync(root, { recursive: true }));
let count = 0;
const newFolder = () => path.join(root, `run-${count++}`);

/** Texts in which each token follows from the one before it. */
function drawExamples(rows: number, seed: number): Example[] {
  const draw = new Draw(seed, 'rows');
  return Array.from({ length: rows }, () => {
    const start = draw.int(0, 20);
    const ids = Array.from({ length: draw.int(5, 9) }, (_, i) => (start + 3 * i) % 21);
    return exampleOf({ prompt: ids.slice(0, 2), completion: ids.slice(2) });
  });
}

const learned = drawExamples(30, 1);
const held = drawExamples(8, 2);
const RECIPE: Partial<Recipe> = {
  target_modules: ['c_attn', 'c_fc'],
  r: 3,
  lora_alpha: 7,
  lora_dropout: 0.1,
  learning_rate: 0.03,
  batch_size: 4,
  epochs: 3,
  eval_steps: 5,
  warmup_steps: 2,
};

function makeModel(recipe: Partial<Recipe> = RECIPE): GPT2 {
  const model = tinyGpt2(21, [0]);
  injectLora(model, adapterOf(completeRecipe('test', recipe)));
  return model;
}

/** Runs to the end, or until a step is done. */
async function run(
  more: Partial<FineTuneOptions> & { folder: string },
  until = Infinity,
): Promise<FineTuneStep[]> {
  const model = more.model ?? makeModel(more.recipe);
  const reports: FineTuneStep[] = [];
  const options = { model, train: learned, valid: held, recipe: RECIPE, ...more };
  for await (const report of fineTune(options)) {
    reports.push(report);
    if (report.step === until) break;
  }
  if (!more.model) model.dispose();
  return reports;
}

const numbers = (reports: FineTuneStep[]) =>
  reports.map(({ step, loss, gradientNorm, validation }) => ({
    step,
    loss,
    gradientNorm,
    validation,
  }));
const metricsOf = (folder: string) =>
  readFileSync(path.join(folder, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FineTuneStep);

describe('fineTune', () => {
  before(useAccelerator);

  test('learns, keeps the best adapter and the last, and writes what it measured', async () => {
    const folder = newFolder();
    const model = makeModel();
    const config = { base_model_name_or_path: 'tiny' };
    const reports = await run({ model, folder, config });
    assert.equal(reports.length, Math.round((3 * 30) / 4));
    assert.deepEqual(
      metricsOf(folder).map(({ loss }) => loss),
      reports.map(({ loss }) => loss),
    );
    const measured = reports.flatMap(({ validation }) => validation ?? []);
    assert.equal(measured.length, 5);
    const losses = measured.map(({ loss }) => loss);
    assert.ok((losses.at(-1) as number) < (losses[0] as number) - 0.01, losses.join());
    const isBest = losses.map((loss, i) => losses.slice(0, i).every((other) => loss < other));
    assert.deepEqual(
      measured.map((one) => one.isBest),
      isBest,
    );
    assertClose([await meanLoss(model, held)], [Math.min(...losses)], 1e-6, 'best, in the model');
    for (const [place, loss] of [
      ['.', Math.min(...losses)],
      ['last', losses.at(-1) as number],
    ] as const) {
      const fresh = tinyGpt2(21, [0]);
      const loaded = await loadAdapter(fresh, path.join(folder, place));
      assert.equal(loaded.config.base_model_name_or_path, 'tiny');
      assertClose([await meanLoss(fresh, held)], [loss], 1e-6, place);
      fresh.dispose();
    }
    const recipe = JSON.parse(readFileSync(path.join(folder, 'recipe.json'), 'utf8')) as Recipe;
    assert.deepEqual(recipe, completeRecipe('test', RECIPE));
    model.dispose();
  });

  const seed = freshSeed();
  test(`left at any step it goes on to the bit (seed ${seed})`, async () => {
    const recipes = [
      { gradient_accumulation_steps: 2, packing: true, max_length: 24 },
      {},
      { gradient_checkpointing: true },
    ];
    for (const more of someOf(recipes, 3)) {
      const recipe = { ...RECIPE, ...more };
      const [whole, parts] = [newFolder(), newFolder()];
      const want = await run({ folder: whole, recipe });
      const draw = new Draw(seed, 'steps');
      const got: FineTuneStep[] = [];
      for (let until = draw.int(1, 4); ; until += draw.int(1, 6)) {
        got.push(...(await run({ folder: parts, recipe, resume: got.length > 0 }, until)));
        if (got.length >= want.length) break;
      }
      assert.deepEqual(numbers(got), numbers(want));
      assert.deepEqual(numbers(metricsOf(parts)), numbers(metricsOf(whole)));
      // A run that has ended changes nothing when it is resumed.
      assert.deepEqual(await run({ folder: parts, recipe, resume: true }), []);
    }
  });

  test('counts exact answers at each validation if it is asked to', async () => {
    const recipe = { ...RECIPE, epochs: 1, eval_answers: 5 };
    const reports = await run({ folder: newFolder(), recipe });
    const counts = reports.flatMap(({ validation }) => validation?.answered ?? []);
    assert.deepEqual(counts, [5, 5]);
  });

  test('stops when the validation loss does not fall any more', async () => {
    const folder = newFolder();
    const recipe = { ...RECIPE, learning_rate: 1e-12, eval_steps: 2, patience: 2, lora_dropout: 0 };
    const reports = await run({ folder, recipe });
    assert.ok(reports.length < 22 && existsSync(path.join(folder, 'last')));
    assert.deepEqual(
      reports.slice(-1).map(({ validation }) => validation?.isBest),
      [false],
    );
    assert.deepEqual(await run({ folder, recipe, resume: true }), []);
  });

  test('leaves no tensor, also where it is left', async () => {
    const model = makeModel();
    await run({ model, folder: newFolder() }, 7);
    const start = memory().tensors;
    await run({ model, folder: newFolder() }, 7);
    assert.equal(memory().tensors, start);
    model.dispose();
  });

  test('refuses a folder with a run, and a run that was another one', async () => {
    const folder = newFolder();
    await assert.rejects(run({ folder, resume: true }), {
      message: /must hold a run to go on with, but has no recipe\.json/,
    });
    assert.ok(!existsSync(folder));
    await run({ folder }, 6);
    await assert.rejects(run({ folder }), {
      name: 'ArgumentError',
      message:
        /must be a folder without a run or an adapter, but holds checkpoint\.safetensors\. Continue/,
    });
    const recipe = { ...RECIPE, learning_rate: 1, seed: 4 };
    await assert.rejects(run({ folder, recipe, resume: true }), {
      message: /learning_rate was 0\.03, not 1; seed was 0, not 4\. Take another folder/,
    });
    const others = { train: learned.slice(1), resume: true };
    await assert.rejects(run({ folder, ...others }), {
      message: /the rows must be those .* but are others/,
    });
    assert.equal((await run({ folder, resume: true }))[0]?.step, 7);
    // Killed before its first checkpoint, a run begins again.
    rmSync(path.join(folder, 'checkpoint.safetensors'));
    assert.equal((await run({ folder, resume: true }, 2))[0]?.step, 1);
    assert.equal(metricsOf(folder).length, 2);
  });

  test('refuses a recipe that is out of range, rows without a label, a model without an adapter', async () => {
    const folder = newFolder();
    for (const [recipe, message] of [
      [{ r: 0 }, /^fineTune: r must be a positive integer, got 0\.$/],
      [
        { epochs: 0, seed: -1 },
        /epochs must be a positive number, got 0; seed must be a whole number/,
      ],
      [{ lora_dropout: 1 }, /lora_dropout must be at least 0 and less than 1, got 1/],
      [{ packing: 1 }, /packing must be true or false, got 1/],
      [{ target_modules: [1] }, /target_modules must be a name or a list of names/],
      [{ lerning_rate: 1 }, /Did you mean learning_rate\?/],
      [{ learning_rate: NaN }, /learning_rate must be a positive number/],
    ] as [object, RegExp][]) {
      const model = tinyGpt2(21, [0]);
      await assert.rejects(run({ folder, recipe, model }), { name: 'ArgumentError', message });
      model.dispose();
    }
    const long = [exampleOf({ prompt: [1], completion: new Array<number>(200).fill(2) })];
    await assert.rejects(run({ folder, valid: long }), {
      message:
        /rows of valid must have at most 128 tokens .* got 201\. Cut them: cutExamples\(examples, 128\)/,
    });
    await assert.rejects(run({ folder, train: [] }), { message: /train must have a row or more/ });
    await assert.rejects(run({ folder, valid: [] }), { message: /valid must have a row or more/ });
    const bare = tinyGpt2(21, [0]);
    await assert.rejects(run({ folder, model: bare }), {
      message: /must have an adapter, got none/,
    });
    bare.dispose();
    assert.ok(!existsSync(folder));
  });
});

test('items of alike lengths come together, as many as the memory holds', () => {
  const lengths = [900, 5, 3000, 1100, 4, 1000, 6];
  assert.deepEqual(
    inBatches(lengths, (length) => length),
    [[4, 5, 6], [900, 1000], [1100], [3000]],
  );
  assert.deepEqual(
    inBatches(new Array<number>(40).fill(1), () => 1).map(({ length }) => length),
    [16, 16, 8],
  );
});

test('an answer is exact if it is written to its end, token by token', async () => {
  await useAccelerator();
  const free = tinyGpt2(21, []);
  const prompts = held.map(({ ids }) => ids.slice(0, 2));
  const texts = await generate(free, prompts, { maxNewTokens: 12 });
  const end = texts[0]?.[3] as number;
  const ends = tinyGpt2(21, [end]); // stops there
  const rows = texts.flatMap((text, i) => {
    const place = text.indexOf(end);
    const answer = place < 0 ? [] : text.slice(0, place);
    return place < 0 ? [] : { prompt: prompts[i] as number[], answer };
  });
  const asExamples = (change: (answer: number[]) => number[]) =>
    rows.map(({ prompt, answer }) => exampleOf({ prompt, completion: change(answer) }));
  const counted = (exact: number) => ({ exact, answered: rows.length });
  const whole = asExamples((answer) => [...answer, end]);
  assert.deepEqual(await countExact(ends, whole), counted(rows.length));
  const longer = asExamples((answer) => [...answer, (end + 1) % 21, end]);
  assert.deepEqual(await countExact(ends, longer), counted(0));
  const text = exampleOf({ prompt: [], completion: [1, 2, 3] });
  assert.deepEqual(await countExact(ends, [text]), { exact: 0, answered: 0 });
  free.dispose();
  ends.dispose();
});

describe('validationLoss', () => {
  before(useAccelerator);

  test('is the mean over labels, with an interval over rows', async () => {
    const model = tinyGpt2(21, [0]);
    const { loss, margin } = await validationLoss(model, held);
    assertClose([loss], [await meanLoss(model, held)], 1e-6);
    // By leaving each row out in turn (the jackknife), which needs no formula for a ratio.
    const each: number[] = [];
    for (const left of held) {
      const logs = await completionLogProbabilities(
        model,
        held.filter((one) => one !== left),
      );
      each.push(-logs.flat().reduce((a, b) => a + b) / logs.flat().length);
    }
    const middle = each.reduce((a, b) => a + b) / each.length;
    const spread = each.reduce((sum, one) => sum + (one - middle) ** 2, 0);
    const jackknife = 2.3646 * Math.sqrt((spread * (each.length - 1)) / each.length);
    assertClose([margin], [jackknife], 0.1);
    assert.equal((await validationLoss(model, held.slice(0, 1))).margin, NaN);
    await assert.rejects(validationLoss(model, []), { name: 'ArgumentError' });
    model.dispose();
  });
});
