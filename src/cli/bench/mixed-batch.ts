import * as tf from '@tensorflow/tfjs';
import { AdapterBank } from '../../adapter/bank';
import type { ResultRow } from '../../course/shipped';
import { solverRows } from '../../course/task';
import { injectLora, type TargetModules, loraLayersOf } from '../../lora';
import type { LanguageModel } from '../../model/transformer';
import { generate } from '../../model/transformer';
import type { Module } from '../../tensor/nn';
import { Random } from '../../tensor/runtime';
import {
  type Batch,
  completionLoss,
  encodeRows,
  type Example,
  makeBatch,
  repeat,
} from '../../train/data';
import { adamW, train } from '../../train/loop';
import { type Spread, timed, timeInTurn } from '../../course/measure';
import { openBase, provenance, round, withSeconds } from '../measure';

const ADAPTERS = ['a', 'b', 'c'];
const R = 8;
const ROUNDS = 15;
const NEW_TOKENS = 24;
const PROMPT = 16;

/** Adapted layers of the shipped base: PEFT's default for GPT-2, and every linear layer. */
const TARGETS: TargetModules[] = [['c_attn'], 'all-linear'];
/** Numbers of prompts for each adapter in generation, and of rows in training. */
const GENERATED = [1, 4, 16];
const TRAINED = 8;

/**
 * Measures three adapters of rank 8 on one base: a mixed batch against three passes, against one
 * adapter for the whole batch, and, in generation, against the base alone.
 */
export async function benchMixedBatch(command: string): Promise<ResultRow[]> {
  const origin = await provenance();
  const rows: ResultRow[] = [];
  for (const targets of TARGETS) {
    const { model, tokenizer } = await openBase();
    const bank = new AdapterBank(model);
    for (const [i, name] of ADAPTERS.entries()) await bank.add(name, adapt(targets, i));
    const examples = encodeRows(tokenizer, solverRows({ split: 'train', seed: 1, count: 60 }));
    const measure = async (what: string, size: number, run: Measurement) => {
      const { result, seconds } = await withSeconds(() => run(model, bank, examples, size));
      rows.push({
        command,
        ...origin,
        seed: 1,
        seconds,
        what,
        targets: String(targets),
        r: R,
        rowsPerAdapter: size,
        rounds: ROUNDS,
        ...summary(result),
      });
    };
    for (const size of GENERATED) await measure('generation', size, generation);
    await measure('training', TRAINED, training);
    bank.dispose();
    model.dispose();
  }
  return rows;
}

/** `base` in generation only: a base without adapter trains nothing. */
type Times = Record<'one' | 'mixed' | 'three', Spread> & { base?: Spread };

type Measurement = (
  model: LanguageModel,
  bank: AdapterBank,
  examples: readonly Example[],
  rowsPerAdapter: number,
) => Promise<Times>;

/** Times the generation of NEW_TOKENS tokens for each prompt; all prompts have one length. */
const generation: Measurement = async (model, bank, examples, size) => {
  const prompts = Array.from({ length: ADAPTERS.length * size }, (_, i) =>
    (examples[i % examples.length]?.ids ?? []).slice(0, PROMPT),
  );
  const write = (some: readonly number[][]) =>
    generate(model, some, { maxNewTokens: NEW_TOKENS, stopTokens: [] });
  return timeInTurn(
    {
      base: timed(() => (bank.activate(), write(prompts))),
      one: timed(() => (bank.activate('a'), write(prompts))),
      mixed: timed(() => (bank.forRows(namesOf(size)), write(prompts))),
      three: timed(() =>
        forEachAdapter(bank, (i) => write(prompts.slice(i * size, (i + 1) * size))),
      ),
    },
    ROUNDS,
  );
};

/** Times a training step: loss, gradients, AdamW. */
const training: Measurement = async (model, bank, examples, size) => {
  const batches = ADAPTERS.map((_, i) => makeBatch(examples.slice(i * size, (i + 1) * size)));
  const all = makeBatch(examples.slice(0, ADAPTERS.length * size));
  const trainer = (some: readonly Batch[]) =>
    train({
      module: model,
      loss: (each: readonly Batch[]) => completionLoss(model, ...each),
      batches: repeat([some]),
      optimizer: adamW({ learningRate: 1e-4 }),
      steps: ROUNDS + 1,
    });
  bank.activate('a');
  const one = trainer([all]);
  bank.forRows(namesOf(size));
  const mixed = trainer(batches);
  const three = ADAPTERS.map((name, i) => (bank.activate(name), trainer([batches[i] as Batch])));
  return timeInTurn(
    {
      one: timed(() => (bank.activate('a'), one.next())),
      mixed: timed(() => (bank.forRows(namesOf(size)), mixed.next())),
      three: timed(() => forEachAdapter(bank, (i) => three[i]?.next())),
    },
    ROUNDS,
  );
};

async function forEachAdapter(bank: AdapterBank, run: (i: number) => unknown): Promise<void> {
  for (const [i, name] of ADAPTERS.entries()) {
    bank.activate(name);
    await run(i);
  }
}

/** Names the adapter of each row of a mixed batch. */
function namesOf(rowsPerAdapter: number): string[] {
  return ADAPTERS.flatMap((name) => new Array<string>(rowsPerAdapter).fill(name));
}

/** Adds an adapter whose B is not zero, since products with zeros might be faster. */
function adapt(targetModules: TargetModules, seed: number) {
  return (model: Module) => {
    injectLora(model, { targetModules, r: R, alpha: 32, seed });
    for (const { lora } of loraLayersOf(model).values()) {
      tf.tidy(() => lora.B.assign(new Random(seed).normal<tf.Rank.R2>(lora.B.shape, 0, 0.02)));
    }
  };
}

/** Makes the measured fields of a row: milliseconds, and ratios of medians. */
function summary({ base, one, mixed, three }: Times) {
  const over = (a: Spread, b: Spread) => round(a.median / b.median, 3);
  const rounded = (value: number) => round(value, 1);
  const milliseconds = Object.entries({ base, one, mixed, three }).flatMap(([arm, spread]) =>
    spread ? [[arm, [spread.median, spread.low, spread.high].map(rounded)]] : [],
  );
  return {
    threeOverMixed: over(three, mixed),
    mixedOverOne: over(mixed, one),
    ...(base && { mixedOverBase: over(mixed, base) }),
    'milliseconds [median, quartiles]': Object.fromEntries(milliseconds) as object,
  };
}
