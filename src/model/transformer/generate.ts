import type { Tokenizer } from '@huggingface/tokenizers';
import * as tf from '@tensorflow/tfjs';
import {
  ArgumentError,
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
import { assertSampleOptions, sample, SAMPLE_OPTIONS, type SampleOptions } from './sample';

/** How a text is continued. */
export interface GenerateOptions extends SampleOptions {
  /** prompt and new tokens together must fit the model's maxPositions */
  maxNewTokens: number;
  /** the same seed gives the same tokens */
  seed?: number;
  /** tokens that end a text, by default those of the model's config */
  stopTokens?: readonly number[];
}

const GENERATE_OPTIONS: OptionKeys<GenerateOptions> = {
  maxNewTokens: 'required',
  seed: 'optional',
  stopTokens: 'optional',
  ...SAMPLE_OPTIONS,
};

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
  assertValues(model, prompts, options);
  const { maxNewTokens, seed = 0 } = options;
  const draws = await drawUniform(seed, prompts.length * maxNewTokens);
  const rows = prompts.map((_, i) => ({
    draws: draws.subarray(i * maxNewTokens, (i + 1) * maxNewTokens),
    ids: [],
    done: false,
  }));
  if (rows.length > 0) await continueRows(model, prompts, rows, options, isDone);
  return rows.map(({ ids }) => ids);
}

interface Row {
  /** uniform in [0, 1), one for each new token */
  draws: Float32Array;
  ids: number[];
  done: boolean;
}

/** Fills the ids of each row. */
async function continueRows(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  rows: Row[],
  options: GenerateOptions,
  isDone: IsDone,
): Promise<void> {
  const { vocabSize, eosTokenIds } = model.config;
  const { maxNewTokens, stopTokens = eosTokenIds } = options;
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
        const own = values.subarray(r * vocabSize, (r + 1) * vocabSize);
        const id = sample(own, row.draws[i] as number, options);
        row.done ||= stopTokens.includes(id);
        if (!row.done) row.ids.push(id);
        row.done ||= isDone(row.ids);
        return [id];
      });
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

/** How a text is continued, as text. */
export interface GenerateTextOptions extends GenerateOptions {
  /** texts that end the continuation and are cut off it */
  stop?: readonly string[];
}

/**
 * Continues a text.
 * @returns the new text alone
 * @throws ArgumentError if `stop` is not a list of texts that are not empty; what `generate` throws
 */
export async function generateText(
  model: LanguageModel,
  tokenizer: Tokenizer,
  prompt: string,
  options: GenerateTextOptions,
): Promise<string> {
  assertModule('generateText', model);
  assertOptions('generateText', options, { ...GENERATE_OPTIONS, stop: 'optional' });
  const { stop = [], ...others } = options;
  assertStop(stop);
  const found = (text: string) => stop.map((end) => text.indexOf(end)).filter((at) => at >= 0);
  const isDone = (ids: readonly number[]) => found(tokenizer.decode([...ids])).length > 0;
  const [ids = []] = await generate(model, [tokenizer.encode(prompt).ids], others, isDone);
  const text = ids.length > 0 ? tokenizer.decode(ids) : '';
  return text.slice(0, Math.min(text.length, ...found(text)));
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

function assertStop(stop: readonly string[]): void {
  const bad: unknown[] = Array.isArray(stop)
    ? stop.filter((end: unknown) => typeof end !== 'string' || end === '')
    : [stop];
  if (bad.length === 0) return;
  throw new ArgumentError(
    `generateText: stop must be a list of texts of 1 character or more, got ${quote(bad[0])}.`,
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
  assertStopTokens(options.stopTokens ?? []);
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
