import type { Tokenizer } from '@huggingface/tokenizers';
import type { AdapterBank } from '../../adapter/bank';
import type { LanguageModel } from '../../model/transformer';
import { assertOptions, type OptionKeys } from '../../tensor/errors';
import { completionLogProbabilities, encodeRows } from '../../train/data';
import { completeTogether, type Critique, formatCritique, formatSolution } from '../task';
import type { Answerer } from './run-team';
import type { AgentRequest } from './solve-together';
import type { Reply } from './trace';

/** One model and a bank with an adapter for each role, named after it. */
export interface AgentSetup {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  readonly bank: AdapterBank;
}

/** Options of writing, for solver and reviser. */
export interface WritingOptions {
  /** 0 writes the likeliest solution, so all attempts are equal */
  temperature?: number;
  /** the same seed and requests give the same replies */
  seed?: number;
}

const WRITING: OptionKeys<WritingOptions> = { temperature: 'optional', seed: 'optional' };

/** A token less likely than this, by the critic, makes its step wrong. */
const DOUBTFUL = 0.5;

type Writing = Extract<AgentRequest, { role: 'solver' | 'reviser' }>;
type Judging = Extract<AgentRequest, { role: 'critic' }>;

/**
 * Makes an answerer of the adapters of a bank, all writers in one mixed batch and all critics in
 * another. The critic judges the step of the first unlikely token wrong; its confidence is the
 * probability of the whole attempt. The adapters that the bank had active before are replaced.
 */
export function answerFrom(
  { model, tokenizer, bank }: AgentSetup,
  options: WritingOptions = {},
): Answerer {
  assertOptions('answerFrom', options, WRITING);
  const { temperature = 0, seed = 0 } = options;
  const count = (text: string) => tokenizer.encode(text).ids.length;
  const [comma] = tokenizer.encode(',').ids; // one stands between steps
  let batches = 0;

  const write = async (requests: readonly Writing[]): Promise<Reply[]> => {
    if (requests.length === 0) return [];
    bank.forRows(requests.map(({ role }) => role));
    const prompts = requests.map(({ prompt }) => prompt);
    const sampling = { temperature, seed: seed + batches++ };
    const texts = await completeTogether(model, tokenizer, prompts, sampling);
    return texts.map((text, i) => ({
      text: text.trim(),
      confidence: null,
      tokens: { read: count(prompts[i] ?? ''), written: count(`${text}\n`) },
    }));
  };

  const judge = async (requests: readonly Judging[]): Promise<Reply[]> => {
    if (requests.length === 0) return [];
    bank.forRows(requests.map(({ role }) => role));
    const examples = encodeRows(
      tokenizer,
      requests.map(({ prompt, attempt }) => ({
        prompt,
        completion: ` ${formatSolution(attempt)}\n`,
      })),
    );
    const all = await completionLogProbabilities(model, examples);
    return all.map((logs, i) => {
      const { ids = [] } = examples[i] ?? {};
      const doubt = logs.findIndex((log) => log < Math.log(DOUBTFUL));
      const steps = requests[i]?.attempt.steps.length ?? 0;
      const attempt = ids.slice(-logs.length);
      const before = attempt.slice(0, doubt).filter((id) => id === comma);
      const critique: Critique =
        doubt < 0 ? { verdict: 'right', steps } : { verdict: 'wrong', step: before.length + 1 };
      return {
        text: formatCritique(critique),
        confidence: Math.exp(logs.reduce((sum, log) => sum + log, 0)),
        tokens: { read: ids.length, written: 0 },
      };
    });
  };

  return async (requests) => {
    const isJudging = (ask: AgentRequest): ask is Judging => ask.role === 'critic';
    const isWriting = (ask: AgentRequest): ask is Writing => ask.role !== 'critic';
    const [written, judged] = [
      await write(requests.filter(isWriting)),
      await judge(requests.filter(isJudging)),
    ];
    return requests.map((ask) => (isJudging(ask) ? judged : written).shift() as Reply);
  };
}
