import type { Tokenizer } from '@huggingface/tokenizers';
import type { AdapterBank } from '../../adapter/bank';
import type { LanguageModel } from '../../model/transformer';
import { completionLogProbabilities, encodeRows } from '../../train/data';
import { completeTogether, type Critique, formatCritique, formatSolution } from '../task';
import type { Answerer } from './run-team';
import type { Ask } from './solve-together';
import type { Reply } from './trace';

/** Where the agents live: adapters named after their roles, on one model. */
export interface Workshop {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  readonly bank: AdapterBank;
}

/** How solver and reviser write. */
export interface WritingOptions {
  /** 0 writes the likeliest solution, the same at each attempt */
  temperature?: number;
  /** the same seed and asks give the same replies */
  seed?: number;
}

/** A token that the critic finds less likely than this is where it says "wrong". */
const DOUBTFUL = 0.5;

type Writing = Extract<Ask, { role: 'solver' | 'reviser' }>;
type Judging = Extract<Ask, { role: 'critic' }>;

/**
 * Answers as the adapters of a bank do, all writers in one mixed batch and all critics in another.
 * The critic's word for a step is "wrong" from the first token on that it finds unlikely, and its
 * confidence is its probability of the whole attempt. What the bank had in use before is replaced.
 */
export function answerFrom(
  { model, tokenizer, bank }: Workshop,
  { temperature = 0, seed = 0 }: WritingOptions = {},
): Answerer {
  const count = (text: string) => tokenizer.encode(text).ids.length;
  const [comma] = tokenizer.encode(',').ids; // one stands between steps
  let batches = 0;

  const write = async (asks: readonly Writing[]): Promise<Reply[]> => {
    if (asks.length === 0) return [];
    bank.forRows(asks.map(({ role }) => role));
    const prompts = asks.map(({ prompt }) => prompt);
    const sampling = { temperature, seed: seed + batches++ };
    const texts = await completeTogether(model, tokenizer, prompts, sampling);
    return texts.map((text, i) => ({
      text: text.trim(),
      confidence: null,
      tokens: { read: count(prompts[i] ?? ''), written: count(`${text}\n`) },
    }));
  };

  const judge = async (asks: readonly Judging[]): Promise<Reply[]> => {
    if (asks.length === 0) return [];
    bank.forRows(asks.map(({ role }) => role));
    const examples = encodeRows(
      tokenizer,
      asks.map(({ prompt, attempt }) => ({ prompt, completion: ` ${formatSolution(attempt)}\n` })),
    );
    const all = await completionLogProbabilities(model, examples);
    return all.map((logs, i) => {
      const { prompt = [], completion = [] } = examples[i] ?? {};
      const doubt = logs.findIndex((log) => log < Math.log(DOUBTFUL));
      const steps = asks[i]?.attempt.steps.length ?? 0;
      const before = completion.slice(0, doubt).filter((id) => id === comma);
      const critique: Critique =
        doubt < 0 ? { verdict: 'right', steps } : { verdict: 'wrong', step: before.length + 1 };
      return {
        text: formatCritique(critique),
        confidence: Math.exp(logs.reduce((sum, log) => sum + log, 0)),
        tokens: { read: prompt.length + completion.length, written: 0 },
      };
    });
  };

  return async (asks) => {
    const isJudging = (ask: Ask): ask is Judging => ask.role === 'critic';
    const isWriting = (ask: Ask): ask is Writing => ask.role !== 'critic';
    const [written, judged] = [
      await write(asks.filter(isWriting)),
      await judge(asks.filter(isJudging)),
    ];
    return asks.map((ask) => (isJudging(ask) ? judged : written).shift() as Reply);
  };
}
