import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chooseVerdict } from './choose-verdict';
import { type Answerer, runTeam } from './run-team';
import type { AgentRequest } from './solve-together';
import type { Reply, TraceStep } from './trace';
import { transcript } from './transcript';

const QUESTION = 'Tom has 3 bags of 4 nuts and finds 5 more. How many now?';
const RIGHT = '3*4=12, 12+5=17, so 17';
const WRONG = '3+4=7, 7+5=12, so 12';
const TOKENS = { read: 30, written: 20 };
const says = (text: string): Reply => ({ text, confidence: null, tokens: TOKENS });
const judges = (text: string, confidence: number): Reply => ({ ...says(text), confidence });

/** An answerer that follows a script, role by role, and keeps what it was asked. */
function scripted(script: Record<AgentRequest['role'], Reply[]>) {
  const asked: AgentRequest[][] = [];
  const answer: Answerer = (asks) => {
    asked.push([...asks]);
    return Promise.resolve(asks.map(({ role }) => script[role].shift() ?? says('?')));
  };
  return { answer, asked };
}

describe('a team', () => {
  const script = () => ({
    solver: [says(WRONG), says(RIGHT), says(WRONG), says('no idea')],
    critic: [judges('1 wrong', 0.1), judges('1 ok, 2 ok, right', 0.9)],
    reviser: [says(RIGHT)],
  });

  test('proposes, judges each different solution, repairs what is judged wrong', async () => {
    const { answer, asked } = scripted(script());
    const [trace] = await runTeam([QUESTION], { attempts: 4 }, answer);
    assert.deepEqual(
      asked.map((asks) => asks.map(({ role, about }) => [role, about])),
      [
        Array.from({ length: 4 }, () => ['solver', null]),
        [
          ['critic', 0],
          ['critic', 1],
        ],
        [['reviser', 0]],
      ],
    );
    assert.equal(asked[2]?.[0]?.prompt, `${QUESTION}\nS:`);
    // Two votes at 0.1 against one and the reviser's half at 0.9; nothing new to judge.
    const share = 4.5 / (4.5 + 2); // √0.9 is 3 √0.1
    assert.ok(Math.abs((trace?.verdict?.share ?? NaN) - share) < 1e-12);
    assert.deepEqual([trace?.verdict?.text, trace?.verdict?.by], [RIGHT, 1]);
    assert.equal(trace?.steps.length, 4 + 2 + 1);
  });

  test('judges a repair that nobody wrote before', async () => {
    const { answer, asked } = scripted({
      solver: [says(WRONG)],
      critic: [judges('1 wrong', 0.1), judges('1 ok, 2 ok, right', 0.7)],
      reviser: [says(RIGHT)],
    });
    const [trace] = await runTeam([QUESTION], { attempts: 1 }, answer);
    assert.deepEqual(
      asked[3]?.map(({ role, about }) => [role, about]),
      [['critic', 2]],
    );
    assert.equal(trace?.verdict?.text, RIGHT);
  });

  test('leaves out who is not in it', async () => {
    for (const [roles, rounds] of [
      [['solver'], 1],
      [['solver', 'critic'], 2],
    ] as const) {
      const { answer, asked } = scripted(script());
      const [trace] = await runTeam([QUESTION], { attempts: 4, roles }, answer);
      assert.equal(asked.length, rounds);
      assert.equal(trace?.verdict?.text, rounds === 1 ? WRONG : RIGHT);
    }
  });

  test('has no verdict where nobody wrote a solution', async () => {
    const { answer, asked } = scripted({ solver: [], critic: [], reviser: [] });
    const [trace] = await runTeam([QUESTION], { attempts: 2 }, answer);
    assert.equal(trace?.verdict, null);
    assert.equal(asked.length, 1);
    assert.match(transcript(trace)['text/plain'], /verdict: none/);
  });
});

describe('many questions', () => {
  const questions = Array.from({ length: 7 }, (_, i) => `How many are ${i}?`);
  /** Right at even numbers, wrong at odd ones, and then repaired. */
  const answer: Answerer = (asks) =>
    Promise.resolve(
      asks.map((ask) => {
        const isOdd = Number(/are (\d)/.exec(ask.prompt)?.[1]) % 2 === 1;
        if (ask.role !== 'critic') return says(isOdd && ask.role === 'solver' ? WRONG : RIGHT);
        const isRight = ask.attempt.answer === 17;
        return isRight ? judges('1 ok, 2 ok, right', 0.9) : judges('1 wrong', 0.1);
      }),
    );

  test('are worked on together, a new one in the place of one that is done', async () => {
    const rounds: string[][] = [];
    const done: string[] = [];
    const kept: Answerer = (asks) => {
      rounds.push(asks.map(({ role }) => role));
      return answer(asks);
    };
    const options = {
      atOnce: 3,
      onDone: ({ question }: { question: string }) => done.push(question),
    };
    const traces = await runTeam(questions, { attempts: 1 }, kept, options);
    assert.deepEqual(
      traces.map(({ question, verdict }) => [question, verdict?.text]),
      questions.map((question) => [question, RIGHT]),
    );
    assert.ok(rounds.every((asks) => asks.length <= 3));
    assert.ok(
      rounds.some((asks) => new Set(asks).size > 1),
      'no mixed batch',
    );
    assert.equal(new Set(done).size, 7);
    assert.notDeepEqual(done, questions);
  });

  test('have the same traces whatever the company', async () => {
    const alone = await runTeam(questions, { attempts: 2 }, answer, { atOnce: 1 });
    assert.deepEqual(await runTeam(questions, { attempts: 2 }, answer, { atOnce: 5 }), alone);
  });

  test('must be at least one at a time, with an attempt', async () => {
    const run = (attempts: number, atOnce: number) =>
      runTeam(questions, { attempts }, answer, { atOnce });
    await assert.rejects(run(1, 0), /atOnce/);
    await assert.rejects(run(0, 1), /attempts/);
  });
});

describe('a verdict', () => {
  const step = (role: TraceStep['role'], reply: Reply, about: number | null = null): TraceStep => ({
    role,
    prompt: '',
    about,
    ...reply,
  });
  const steps = [
    step('solver', says(WRONG)),
    step('solver', says(WRONG)),
    step('solver', says(RIGHT)),
    step('critic', judges('1 wrong', 0.2), 0),
    step('critic', judges('1 ok, 2 ok, right', 0.5), 2),
    step('reviser', says(RIGHT), 0),
  ];

  test('weighs votes by confidence, and can leave roles out', () => {
    const texts = [['solver'], ['solver', 'critic'], undefined].map(
      (roles) => chooseVerdict(steps, roles as TraceStep['role'][])?.text,
    );
    assert.deepEqual(texts, [WRONG, WRONG, RIGHT]);
    const [right, wrong] = [1.5 * Math.sqrt(0.5), 2 * Math.sqrt(0.2)];
    assert.ok(Math.abs((chooseVerdict(steps)?.share ?? NaN) - right / (right + wrong)) < 1e-12);
    assert.equal(chooseVerdict([]), null);
    // Doubted more, the wrong one loses its lead, but only where the critic counts.
    const doubt = step('critic', judges('1 wrong', 0.1), 0);
    const doubted = [...steps.slice(0, 3), doubt, ...steps.slice(4)];
    assert.equal(chooseVerdict(doubted, ['solver'])?.text, WRONG);
    assert.equal(chooseVerdict(doubted, ['solver', 'critic'])?.text, RIGHT);
  });

  test('reads the same as text and as HTML, whatever was written', () => {
    const odd = [...steps, step('solver', says('<b>&'))];
    const shown = transcript({ question: QUESTION, steps: odd, verdict: chooseVerdict(odd) });
    const { 'text/html': html, 'text/plain': text } = shown;
    assert.match(text, /4 critic +judges step 1 +doubts equation 1; the whole: 20.0 % likely/);
    assert.match(text, /5 critic +judges step 3 +doubts nothing; the whole: 50.0 % likely/);
    assert.match(text, /6 reviser +repairs step 1 +3\*4=12, 12\+5=17, so 17/);
    assert.match(
      text,
      /verdict: 3\*4=12, 12\+5=17, so 17 +\(step 3, 54.3 % of the weighed votes\)/,
    );
    assert.match(html, /<span[^>]*>&lt;b&gt;&amp;<\/span>/);
    assert.doesNotMatch(html, /<b>|<script|#[0-9a-f]{3}/);
    assert.doesNotMatch(html + text, /1 wrong|1 ok/); // the critic writes nothing
    for (const part of [QUESTION, 'equation 1', '20.0 %', RIGHT])
      assert.ok(html.includes(part), part);
  });
});
