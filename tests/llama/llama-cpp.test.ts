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
import { widenGguf } from './widen-gguf';

const NEW_TOKENS = 20;
const END = 2;
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

/** Our answer to a prompt: the likeliest token again and again. */
interface Own {
  ids: number[];
  /** at each new token */
  logits: Float32Array[];
}

const folder = mkdtempSync(path.join(tmpdir(), 'llama-'));
let model: LanguageModel;
let ours: Own[];
/** llama.cpp's answers with weights of 4 bits, and with the same weights in float32 */
let packed: Answer;
let widened: Answer;

before(async () => {
  const llamaCpp = await makeLlamaCpp();
  const file = await smolLM2File();
  model = await loadSmolLM2();
  const tokenizer = await loadTokenizer(file, model.config);
  const template = await loadChatTemplate(file);
  const prompts = QUESTIONS.map((content) =>
    encodeChat(tokenizer, template, [{ role: 'user', content }], { generationPrompt: true }),
  );
  ours = await answer(prompts);
  const wide = path.join(folder, 'float32.gguf');
  await widenGguf(file, wide);
  const question = { prompts, newTokens: NEW_TOKENS, end: END };
  const lines = smolLM2Lines.map(([line]) => line);
  [packed, widened] = await Promise.all([
    askLlamaCpp(llamaCpp, file, { ...question, lines }),
    askLlamaCpp(llamaCpp, wide, { ...question, lines: [] }),
  ]);
});
after(() => {
  rmSync(folder, { recursive: true });
  model.dispose();
});

async function answer(prompts: number[][]): Promise<Own[]> {
  const written = await generate(model, prompts, { maxNewTokens: NEW_TOKENS });
  const answers = [];
  for (const [i, prompt] of prompts.entries()) {
    const ids = [...(written[i] ?? []), END].slice(0, NEW_TOKENS);
    const text = [...prompt, ...ids.slice(0, -1)];
    const rows = tf.tidy(() => {
      const logits = model.forward(model.idsTensor([text])).squeeze([0]);
      return logits.slice([prompt.length - 1, 0], [ids.length, -1]).unstack();
    });
    answers.push({ ids, logits: await Promise.all(rows.map((row) => read(row))) });
    tf.dispose(rows);
  }
  return answers;
}

/** How many tokens at the start of an answer are the same in llama.cpp. */
function agreed({ ids }: Own, theirs: Answer, i: number): number {
  const part = ids.findIndex((id, step) => theirs.answers[i]?.[step]?.[0]?.[0] !== id);
  return part < 0 ? ids.length : part;
}

/** The differences of the gaps between the five likeliest tokens, at the tokens that are the same. */
function differences(theirs: Answer): number[] {
  return ours.flatMap((own, i) =>
    own.logits.slice(0, agreed(own, theirs, i)).flatMap((row, step) => {
      const likely = theirs.answers[i]?.[step]?.slice(0, 5) ?? [];
      const [first = NaN, ...others] = likely.map(([id, p]) => Math.log(p) - (row[id] as number));
      return others.map((gap) => Math.abs(gap - first));
    }),
  );
}

test('llama.cpp gives the same ids for 1,000 lines of mixed text', () => {
  for (const [i, [line, ids]] of smolLM2Lines.entries()) {
    assert.deepEqual(packed.lines[i], ids, JSON.stringify(line));
  }
});

test('with weights in float32, llama.cpp answers the same in all of 10 answers, with the same logits', () => {
  for (const [i, own] of ours.entries()) {
    assert.equal(agreed(own, widened, i), own.ids.length, QUESTIONS[i]);
  }
  const largest = Math.max(...differences(widened));
  console.log(`float32: gaps between logits differ by ${largest.toExponential(1)} at most`);
  assert.ok(largest <= 1e-3);
});

test('with weights of 4 bits, llama.cpp answers the same as long as no two logits are as close as its rounding', () => {
  const all = differences(packed);
  const [mean, rounding] = [all.reduce((a, b) => a + b) / all.length, Math.max(...all)];
  const whole = ours.filter((own, i) => agreed(own, packed, i) === own.ids.length);
  console.log(
    `4 bits: ${whole.length} of 10 answers are the same; gaps between logits differ by ${mean.toFixed(2)}, and ${rounding.toFixed(2)} at most`,
  );
  for (const [i, own] of ours.entries()) {
    const step = agreed(own, packed, i);
    const theirs = packed.answers[i]?.[step] ?? [];
    const [a, b] = [own.ids[step], theirs[0]?.[0]];
    if (a === undefined || b === undefined) continue;
    const row = own.logits[step] as Float32Array;
    const [gap, theirGap] = [(row[a] as number) - (row[b] as number), gapOf(theirs, a, b)];
    console.log(
      `"${QUESTIONS[i]}" parts after ${step} tokens: ${a} lies before ${b} by ${gap.toFixed(2)}, in llama.cpp by ${theirGap.toFixed(2)}`,
    );
    assert.ok(gap <= rounding);
  }
  // With every input of a product rounded to 8 bits, transformers too differs by 0.12, and 0.6 at most.
  assert.ok(mean <= 0.25 && rounding <= 1);
});

function gapOf(likely: [token: number, probability: number][], a: number, b: number): number {
  const probabilities = new Map(likely);
  return Math.log((probabilities.get(a) ?? 0) / (probabilities.get(b) ?? 0));
}
