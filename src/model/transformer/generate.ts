import * as tf from '@tensorflow/tfjs';
import {
  ArgumentError,
  assertFunction,
  assertOptions,
  assertPositiveIntegers,
  type OptionKeys,
  quote,
} from '../../tensor/errors';
import { assertModule } from '../../tensor/nn';
import { Random, read } from '../../tensor/runtime';
import type { KeyValues } from './attention';
import type { LanguageModel } from './language-model';
import { isTokenId } from './token-id';
import {
  assertSampleOptions,
  penalize,
  sample,
  SAMPLE_OPTIONS,
  type SampleOptions,
} from './sample';

/** How a text is continued. */
export interface GenerateOptions extends SampleOptions {
  /** prompt and new tokens together must fit the model's maxPositions */
  maxNewTokens: number;
  /** the same seed gives the same tokens */
  seed?: number;
  /** tokens that end a text, by default those of the model's config */
  stopTokens?: readonly number[];
}

export const GENERATE_OPTIONS: OptionKeys<GenerateOptions> = {
  maxNewTokens: 'required',
  seed: 'optional',
  stopTokens: 'optional',
  ...SAMPLE_OPTIONS,
};

/** What the functions that know a tokenizer tell besides. */
export interface StepOptions extends GenerateOptions {
  /** tokens of this id and above are not written: the model has rows for them, but no text */
  idsBelow?: number;
}

/** Gets a prompt's new tokens so far; returns true to end its continuation. */
export type IsDone = (ids: readonly number[]) => boolean;

/**
 * Continues prompts of any lengths in one batch, whose row i is prompt i. Keys and values of earlier
 * positions are kept, so each new token costs one position. A prompt's draws depend only on
 * the seed and its place.
 * @returns the new tokens of each prompt, without the stop token
 * @throws ArgumentError if an option is unknown, or it or a prompt is out of range, NonFiniteError on NaN logits
 */
export async function generate(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
  isDone: IsDone = () => false,
): Promise<number[][]> {
  assertModule('generate', model);
  assertOptions('generate', options, GENERATE_OPTIONS);
  assertFunction('generate', { isDone }, '(ids) => ids.length > 9');
  assertPrompts(prompts);
  let written: number[][] = prompts.map(() => []);
  for await (const ids of generateSteps(model, prompts, options, isDone)) written = ids;
  return written;
}

interface Row {
  /** uniform in [0, 1), one for each new token */
  draws: Float32Array;
  ids: number[];
  done: boolean;
}

/**
 * Continues prompts token by token: yields the new tokens of each prompt so far, after each step, in
 * lists that grow.
 * A caller that stops early leaves nothing behind.
 * @throws what `generate` throws, but for unknown options
 */
export async function* generateSteps(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  options: StepOptions,
  isDone: IsDone = () => false,
): AsyncGenerator<number[][]> {
  assertValues(model, prompts, options);
  if (prompts.length === 0) return;
  const { vocabSize, eosTokenIds } = model.config;
  const { maxNewTokens, stopTokens = eosTokenIds, seed = 0, idsBelow = vocabSize } = options;
  const draws = await drawUniform(seed, prompts.length * maxNewTokens);
  const rows = prompts.map((_, i): Row => {
    const own = draws.subarray(i * maxNewTokens, (i + 1) * maxNewTokens);
    return { draws: own, ids: [], done: false };
  });
  const { ids, padding } = padLeft(prompts);
  let next: readonly (readonly number[])[] = ids;
  let past: KeyValues[] = [];
  try {
    for (let i = 0; i < maxNewTokens && !rows.every(({ done }) => done); i++) {
      const { logits, past: extended } = nextLogits(model, next, past, padding);
      tf.dispose(past);
      past = extended;
      const values = await readAndDispose(logits);
      next = rows.map((row, r) => {
        const own = values.subarray(r * vocabSize, r * vocabSize + idsBelow);
        penalize(own, [prompts[r] ?? [], row.ids], options);
        const id = sample(own, row.draws[i] as number, options);
        row.done ||= stopTokens.includes(id);
        if (!row.done) row.ids.push(id);
        row.done ||= isDone(row.ids);
        return [id];
      });
      yield rows.map((row) => row.ids);
    }
  } finally {
    tf.dispose([past, padding ?? []]);
  }
}

/** Pads prompts to one length with zeros at their start; `padding` counts them, null if none. */
function padLeft(prompts: readonly (readonly number[])[]) {
  const time = Math.max(...prompts.map(({ length }) => length));
  const missing = prompts.map(({ length }) => time - length);
  return {
    ids: prompts.map((prompt, i) => [...new Array<number>(missing[i] ?? 0).fill(0), ...prompt]),
    padding: missing.some((count) => count > 0) ? tf.tensor1d(missing, 'int32') : null,
  };
}

/** Computes the logits [batch, vocabSize] after the last of these ids. */
function nextLogits(
  model: LanguageModel,
  rows: readonly (readonly number[])[],
  past: KeyValues[],
  padding: tf.Tensor1D | null,
): { logits: tf.Tensor; past: KeyValues[] } {
  return tf.tidy(() => {
    const { hidden, past: extended } = model.extend(model.idsTensor(rows), past, padding);
    const [batch, time, width] = hidden.shape as [number, number, number];
    const last = hidden.slice([0, time - 1, 0], [batch, 1, width]).reshape([batch, width]);
    return { logits: model.logits(last), past: extended };
  });
}

async function readAndDispose(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return await read(tensor);
  } finally {
    tensor.dispose();
  }
}

function drawUniform(seed: number, count: number): Promise<Float32Array> {
  return readAndDispose(new Random(seed).uniform([count], 0, 1));
}

function assertPrompts(prompts: readonly (readonly number[])[]): void {
  const bad: unknown = Array.isArray(prompts)
    ? prompts.find((one) => !Array.isArray(one))
    : prompts;
  if (Array.isArray(prompts) && prompts.every(Array.isArray)) return;
  throw new ArgumentError(
    `generate: prompts must be a list of lists of token ids, got ${quote(bad)}. One prompt is [ids].`,
  );
}

function assertStopTokens(stopTokens: readonly number[]): void {
  if (Array.isArray(stopTokens) && stopTokens.every(isTokenId)) return;
  throw new ArgumentError(
    `generate: stopTokens must be a list of token ids, got ${quote(stopTokens)}. An empty list stops nowhere.`,
  );
}

function assertValues(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): void {
  assertPositiveIntegers('generate', { maxNewTokens: options.maxNewTokens });
  assertSampleOptions(options);
  if (options.stopTokens !== undefined) assertStopTokens(options.stopTokens);
  if (prompts.some((prompt) => prompt.length === 0)) {
    throw new ArgumentError('generate: a prompt must have 1 token or more, got one without.');
  }
  const { maxPositions } = model.config;
  const length = prompts.reduce((max, prompt) => Math.max(max, prompt.length), 0);
  if (length + options.maxNewTokens > maxPositions) {
    throw new ArgumentError(
      `generate: prompt and maxNewTokens must be at most ${maxPositions} tokens (n_positions or max_position_embeddings in config.json), got ${length} + ${options.maxNewTokens}. Shorten the prompt or ask for less.`,
    );
  }
}
