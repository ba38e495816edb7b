import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { makeLlamaCpp } from '../../src/cli/setup';
import {
  encodeChat,
  generate,
  type LanguageModel,
  loadChatTemplate,
  loadTokenizer,
} from '../../src/model';
import { read } from '../../src/tensor/runtime';
import { loadSmolLM2, smolLM2File } from '../real/smollm2';
import { smolLM2Lines } from '../real/smollm2-lines';
import { type Answer, askLlamaCpp } from './llama-cpp';
import { roundedLinear } from './rounded-linear';
import { widenGguf } from './widen-gguf';

const NEW_TOKENS = 20;
const END = 2;
/** tokens of a step that are compared */
const LIKELY = 5;
const QUESTIONS = [
  'What is the capital of France?',
  'Explain in one sentence why the sky is blue.',
  'Write a haiku about a river in winter.',
  'How do I reverse a list in Python?',
  'Give me three names for a small grey cat.',
  'What is 12 times 7? Think step by step.',
  'Translate to German: The train leaves at noon.',
  'Who wrote Faust, and when?',
  'List the planets of the solar system.',
  'I am tired. What should I do?',
];

/** A token and its logit, or its log probability: gaps between two are the same. */
type Likely = [token: number, logit: number];

/** Our answer to a prompt: the likeliest token again and again. */
interface Own {
  prompt: number[];
  ids: number[];
  /** at each new token */
  logits: Float32Array[];
}

const folder = mkdtempSync(path.join(tmpdir(), 'llama-'));
after(() => rmSync(folder, { recursive: true }));
let ours: Own[];
/** what our model says at the same tokens if it rounds what it multiplies to 8 bits */
let rounded: Likely[][][];
/** llama.cpp's answers with weights of 4 bits, and with the same weights in float32 */
let packed: Answer;
let widened: Answer;

before(async () => {
  const llamaCpp = await makeLlamaCpp();
  const file = await smolLM2File();
  ours = await answerAll(file);
  rounded = await roundAll();
  const wide = path.join(folder, 'float32.gguf');
  await widenGguf(file, wide);
  const prompts = ours.map(({ prompt }) => prompt);
  const question = { prompts, newTokens: NEW_TOKENS, end: END };
  const lines = smolLM2Lines.map(([line]) => line);
  [packed, widened] = await Promise.all([
    askLlamaCpp(llamaCpp, file, { ...question, lines }),
    askLlamaCpp(llamaCpp, wide, { ...question, lines: [] }),
  ]);
});

async function answerAll(file: string): Promise<Own[]> {
  const model = await loadSmolLM2();
  const tokenizer = await loadTokenizer(file, model.config);
  const template = await loadChatTemplate(file);
  const prompts = QUESTIONS.map((content) =>
    encodeChat(tokenizer, template, [{ role: 'user', content }], { generationPrompt: true }),
  );
  const written = await generate(model, prompts, { maxNewTokens: NEW_TOKENS });
  const answers = [];
  for (const [i, prompt] of prompts.entries()) {
    const ids = [...(written[i] ?? []), END].slice(0, NEW_TOKENS);
    answers.push({ prompt, ids, logits: await logitsAt(model, prompt, ids) });
  }
  model.dispose();
  return answers;
}

async function roundAll(): Promise<Likely[][][]> {
  const model = await loadSmolLM2({ linear: roundedLinear });
  const all = [];
  for (const { prompt, ids } of ours) {
    const logits = await logitsAt(model, prompt, ids);
    all.push(logits.map((row) => likeliest(row)));
  }
  model.dispose();
  return all;
}

/** The logits from which each of the new tokens is chosen. */
async function logitsAt(
  model: LanguageModel,
  prompt: number[],
  ids: number[],
): Promise<Float32Array[]> {
  const text = [...prompt, ...ids.slice(0, -1)];
  const rows = tf.tidy(() => {
    const logits = model.forward(model.idsTensor([text])).squeeze([0]);
    return logits.slice([prompt.length - 1, 0], [ids.length, -1]).unstack();
  });
  return Promise.all(rows.map((row) => read(row))).finally(() => tf.dispose(rows));
}

function likeliest(row: Float32Array): Likely[] {
  const best = [...row.keys()].sort((a, b) => (row[b] as number) - (row[a] as number));
  return best.slice(0, LIKELY).map((id) => [id, row[id] as number]);
}

/** What llama.cpp finds likely at each token of its answer. */
function likelyIn(theirs: Answer): Likely[][][] {
  return theirs.answers.map((steps) =>
    steps.map((step) => step.map(([id, probability]) => [id, Math.log(probability)])),
  );
}

/** How many tokens at the start of an answer are the same. */
function agreed({ ids }: Own, theirs: Likely[][] = []): number {
  const part = ids.findIndex((id, step) => theirs[step]?.[0]?.[0] !== id);
  return part < 0 ? ids.length : part;
}

/**
 * How much the gaps between the likeliest tokens differ from ours, at each step that has the same
 * tokens before it: where an answer parts from ours too.
 */
function differences(likely: Likely[][][]): { mean: number; most: number } {
  const all = ours.flatMap((own, i) =>
    own.logits.slice(0, agreed(own, likely[i]) + 1).flatMap((row, step) => {
      const best = likely[i]?.[step]?.slice(0, LIKELY) ?? [];
      const [first = NaN, ...others] = best.map(([id, logit]) => logit - (row[id] as number));
      return others.map((difference) => Math.abs(difference - first));
    }),
  );
  return { mean: all.reduce((a, b) => a + b) / all.length, most: Math.max(...all) };
}

test('llama.cpp gives the same ids for 1,000 lines of mixed text', () => {
  for (const [i, [line, ids]] of smolLM2Lines.entries()) {
    assert.deepEqual(packed.lines[i], ids, JSON.stringify(line));
  }
});

test('with weights in float32, llama.cpp gives the same 10 answers, with the same logits', () => {
  const likely = likelyIn(widened);
  for (const [i, own] of ours.entries()) {
    assert.equal(agreed(own, likely[i]), own.ids.length, QUESTIONS[i]);
  }
  const { most } = differences(likely);
  console.log(`float32: gaps between logits differ by ${most.toExponential(1)} at most`);
  assert.ok(most <= 1e-3);
});

test('with weights of 4 bits, answers of llama.cpp part only where two logits are closer than its rounding', () => {
  const likely = likelyIn(packed);
  const [theirs, expected] = [differences(likely), differences(rounded)];
  const whole = ours.filter((own, i) => agreed(own, likely[i]) === own.ids.length);
  console.log(
    `4 bits: ${whole.length} of 10 answers are the same. Gaps between logits differ by ${theirs.mean.toFixed(2)}, at most ${theirs.most.toFixed(2)}; with our products rounded by ${expected.mean.toFixed(2)}, at most ${expected.most.toFixed(2)}`,
  );
  for (const [i, own] of ours.entries()) {
    const step = agreed(own, likely[i]);
    const [a, b] = [own.ids[step], likely[i]?.[step]?.[0]?.[0]];
    if (a === undefined || b === undefined) continue;
    const row = own.logits[step] as Float32Array;
    const gap = (row[a] as number) - (row[b] as number);
    const logits = new Map(likely[i]?.[step]);
    const theirGap = (logits.get(a) ?? NaN) - (logits.get(b) ?? NaN);
    console.log(
      `"${QUESTIONS[i]}" after ${step} tokens: ${a} lies before ${b} by ${gap.toFixed(2)}, in llama.cpp by ${theirGap.toFixed(2)}`,
    );
    assert.ok(gap <= 2 * expected.most);
  }
  assert.ok(theirs.mean <= 2 * expected.mean && theirs.most <= 2 * expected.most);
});
