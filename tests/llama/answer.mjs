// Runs node-llama-cpp, which is no part of the course's packages: `node answer.mjs FOLDER MODEL`, where
// FOLDER holds the package. Reads a Question from stdin, and writes an Answer to stdout.
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

/** @typedef {import('./llama-cpp').Question} Question */
/** @typedef {import('./llama-cpp').Answer} Answer */
/** @typedef {[token: number, probability: number][]} Likely */

/**
 * What is used of a context's sequence.
 * @typedef {object} Sequence
 * @property {(tokens: unknown[]) => Promise<{ next: { probabilities: Map<number, number> } }[]>} controlledEvaluate
 * @property {() => Promise<void>} clearHistory
 */

/**
 * What is used of the package.
 * @typedef {object} Package
 * @property {(options: object) => Promise<{ loadModel: (options: object) => Promise<Model> }>} getLlama
 */

/**
 * @typedef {object} Model
 * @property {(text: string, special: boolean) => number[]} tokenize
 * @property {(options: object) => Promise<{ getSequence: () => Sequence }>} createContext
 */

/** More would wait for each other on a busy machine. */
const THREADS = 1;

/** Numbers as exact as llama.cpp has them: keys and values in float32, not in float16. */
const EXACT = {
  experimentalKvCacheKeyType: 'F32',
  experimentalKvCacheValueType: 'F32',
  flashAttention: false,
};

/** @param {string[]} args */
async function main([folder = '', modelPath = '']) {
  const entry = path.join(folder, 'node_modules', 'node-llama-cpp', 'dist', 'index.js');
  const found = /** @type {unknown} */ (await import(pathToFileURL(entry).href));
  const { getLlama } = /** @type {Package} */ (found);
  const ready = { gpu: false, build: 'never', skipDownload: true, logLevel: 'error' };
  const llama = await getLlama({ ...ready, maxThreads: THREADS });
  const model = await llama.loadModel({ modelPath });
  const question = /** @type {unknown} */ (JSON.parse(await text(process.stdin)));
  const { lines, prompts, newTokens, end } = /** @type {Question} */ (question);
  const context = await model.createContext({ contextSize: 512, threads: THREADS, ...EXACT });
  const sequence = context.getSequence();
  const answers = [];
  for (const prompt of prompts) {
    answers.push(await answer(sequence, prompt, newTokens, end));
    await sequence.clearHistory();
  }
  /** @type {Answer} */
  const result = { lines: lines.map((line) => model.tokenize(line, true)), answers };
  process.stdout.write(JSON.stringify(result), () => process.exit(0));
}

/**
 * Takes the likeliest token again and again.
 * @param {Sequence} sequence
 * @param {number[]} prompt
 * @param {number} newTokens
 * @param {number} end the token that ends an answer
 * @returns {Promise<Likely[]>} the likeliest tokens of each step, best first
 */
async function answer(sequence, prompt, newTokens, end) {
  const steps = [];
  let [before, last] = [prompt.slice(0, -1), prompt.at(-1)];
  while (steps.length < newTokens) {
    const options = { temperature: 1, topK: 20, topP: 1, minP: 0 };
    const generateNext = { probabilities: true, options };
    const results = await sequence.controlledEvaluate([...before, [last, { generateNext }]]);
    const likely = [...(results.at(-1)?.next.probabilities ?? [])];
    steps.push(likely);
    [before, last] = [[], likely[0]?.[0]];
    if (last === end) break;
  }
  return steps;
}

void main(process.argv.slice(2));
