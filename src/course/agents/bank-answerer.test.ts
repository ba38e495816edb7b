import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Tokenizer } from '@huggingface/tokenizers';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { tinyGpt2 } from '../../../tests/tiny-gpt2';
import { AdapterBank } from '../../adapter/bank';
import { injectLora, loraLayersOf } from '../../lora';
import type { LanguageModel } from '../../model/transformer';
import { memory, Random, useAccelerator } from '../../tensor/runtime';
import { completionLogProbabilities, encodeRows } from '../../train/data';
import {
  completeTogether,
  drawProblems,
  formatSolution,
  parseSolution,
  type Role,
  ROLES,
  solverPrompt,
  tokenizerJson,
} from '../task';
import { answerFrom, type AgentSetup } from './bank-answerer';
import type { AgentRequest } from './solve-together';
import { findHardProblems, trainingRows } from './training-rows';

const tokenizer = new Tokenizer(tokenizerJson(), {});
const QUESTION = 'Tom has 3 bags of 4 nuts. How many now?';
const RIGHT = '3*4=12, so 12';

/** A model that says anything, with an adapter for each role that makes it say something else. */
async function makeSetup(): Promise<AgentSetup> {
  const model = tinyGpt2(tokenizer.get_vocab().size, tokenizer.encode('\n').ids);
  const bank = new AdapterBank(model);
  for (const [i, role] of ROLES.entries()) {
    await bank.add(role, (model) => {
      injectLora(model, { targetModules: 'all-linear', r: i + 1, alpha: 5, seed: i });
      const random = new Random(10 + i);
      for (const { lora } of loraLayersOf(model).values()) {
        tf.tidy(() => lora.B.assign(random.normal<tf.Rank.R2>(lora.B.shape, 0, 2)));
      }
    });
  }
  return { model, tokenizer, bank };
}

const solution = (text: string) => {
  const parsed = parseSolution(text);
  assert.ok(parsed);
  return parsed;
};
const prompt = solverPrompt(QUESTION);
const asks: AgentRequest[] = [
  { role: 'solver', prompt, about: null },
  { role: 'critic', prompt, about: 0, attempt: solution(RIGHT) },
  { role: 'reviser', prompt: `${prompt} 3*4=12,`, about: 0, kept: '3*4=12,' },
  { role: 'critic', prompt, about: 1, attempt: solution('3*4=12, 12-5=7, so 7') },
];

describe('agents in a bank', () => {
  let setup: AgentSetup;
  before(async () => {
    await useAccelerator();
    setup = await makeSetup();
  });

  test('each say in a mixed batch what their adapter says alone', async () => {
    const { model, bank } = setup;
    await answerFrom(setup)(asks); // so that every weight is where it computes
    bank.activate();
    const start = memory();
    const replies = await answerFrom(setup)(asks);
    bank.activate();
    assert.deepEqual(memory(), start);
    for (const [i, ask] of asks.entries()) {
      const { text, confidence, tokens } = replies[i] ?? {};
      bank.activate(ask.role);
      if (ask.role === 'critic') {
        const completion = ` ${i === 1 ? RIGHT : '3*4=12, 12-5=7, so 7'}\n`;
        const examples = encodeRows(tokenizer, [{ prompt, completion }]);
        const [logs = []] = await completionLogProbabilities(model, examples);
        const likelihood = Math.exp(logs.reduce((sum, log) => sum + log, 0));
        assertClose([Math.log(confidence ?? NaN)], [Math.log(likelihood)], 1e-4);
        const read = tokenizer.encode(prompt + completion).ids.length;
        assert.deepEqual(tokens, { read, written: 0 });
        assert.equal(text, '1 wrong'); // a model that says anything expects nothing
      } else {
        // Both prompts, so that the sizes are the same: a GPU makes a program for each.
        const prompts = asks.filter(({ role }) => role !== 'critic').map(({ prompt }) => prompt);
        const alone = await completeTogether(model, tokenizer, prompts);
        assert.equal(text, alone[prompts.indexOf(ask.prompt)]?.trim());
        assert.equal(confidence, null);
        assert.equal(tokens?.read, tokenizer.encode(ask.prompt).ids.length);
      }
    }
    bank.activate();
    assert.notEqual(replies[0]?.text, replies[2]?.text);
  });

  // Draws and checks are the host's: minutes on a GPU that is imitated would say nothing new.
  const skip = process.env.LORA_BACKEND === 'webgpu' ? 'takes minutes on software webgpu' : false;
  test('sample by their seed, another text at each attempt', { skip }, async () => {
    const twice = Array.from({ length: 3 }, () => asks[0] as AgentRequest);
    const sampled = (seed: number) => answerFrom(setup, { temperature: 1, seed })(twice);
    const first = await sampled(1);
    assert.deepEqual(await sampled(1), first);
    assert.notDeepEqual(await sampled(2), first);
    assert.ok(new Set(first.map(({ text }) => text)).size > 1);
    setup.bank.activate();
  });

  test('find every problem hard where they know nothing', { skip }, async () => {
    const { model } = setup;
    const hard = await findHardProblems(model, tokenizer, { problems: 2, temperature: 1 });
    assert.equal(hard.length, 2);
  });
});

describe('a critic', () => {
  /** Only what the answerer asks of a model, which is sure of one text after the prompt. */
  function sureModel(completion: string): LanguageModel {
    const vocabSize = tokenizer.get_vocab().size;
    const { ids } = tokenizer.encode(completion);
    const fake = {
      idsTensor: (rows: number[][]) => tf.tensor2d(rows, undefined, 'int32'),
      hiddenStates: (ids: tf.Tensor2D) => ids.cast('float32').expandDims(-1),
      // Asked where there are labels: the first one is the completion's first token.
      logits: ({ shape }: tf.Tensor) => {
        const next = Array.from({ length: shape[0] ?? 0 }, (_, i) => ids[i] ?? 0);
        return tf.oneHot(tf.tensor1d(next, 'int32'), vocabSize).mul(20);
      },
    };
    return fake as unknown as LanguageModel;
  }

  for (const [attempt, critique] of [
    [RIGHT, '1 ok, right'],
    ['3*4=13, so 13', '1 wrong'],
    ['3*4=12, so 13', '1 ok, 2 wrong'],
    ['3*4=12, 12-5=7, so 7', '1 ok, 2 wrong'],
  ] as const) {
    test(`that knows the solution says "${critique}" of ${attempt}`, async () => {
      const model = sureModel(` ${RIGHT}\n`);
      const bank = { forRows: () => undefined } as unknown as AdapterBank;
      const ask: AgentRequest = { role: 'critic', prompt, about: 0, attempt: solution(attempt) };
      const [reply] = await answerFrom({ model, tokenizer, bank })([ask]);
      assert.equal(reply?.text, critique);
      assert.equal((reply.confidence ?? NaN) > 0.9, attempt === RIGHT);
    });
  }
});

describe('training rows', () => {
  const [problem] = drawProblems({ split: 'train', seed: 77, count: 1 });
  assert.ok(problem);
  const text = formatSolution(problem);
  const own = (role: Role) => {
    const rows = trainingRows(role, [problem]);
    return { rows, own: rows.filter(({ prompt }) => prompt.startsWith(problem.question)) };
  };

  test('of the critic are right solutions, those of hard problems three times', () => {
    const { rows, own: hard } = own('critic');
    assert.equal(rows.length, 4003);
    const row = { prompt: solverPrompt(problem.question), completion: ` ${text}\n` };
    assert.deepEqual(
      hard.map(({ prompt, completion }) => ({ prompt, completion })),
      [row, row, row],
    );
  });

  test('of the reviser are the same, begun at one step or another', () => {
    const { rows, own: hard } = own('reviser');
    assert.equal(rows.length, 4003);
    const begun = hard.map(({ prompt }) => prompt.slice(solverPrompt(problem.question).length));
    assert.equal(new Set(begun).size, 3);
    for (const { prompt, completion } of hard) {
      assert.equal(prompt + completion, `${solverPrompt(problem.question)} ${text}\n`);
      assert.match(prompt, /(S:|,)$/);
      assert.match(completion, /^ \S/);
    }
  });

  test('of the solver need no hard problems', () => {
    assert.equal(trainingRows('solver', []).length, 8000);
  });
});
