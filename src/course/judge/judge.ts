import { Random } from '../../tensor/runtime';
import { AnswerThrew } from './call-answer';
import type { Answer, Exercise, Finding, Part } from './exercise';
import { NotAttempted } from './todo';

/** What came of an answer. */
export type State = 'passed' | 'failed' | 'not attempted' | 'not defined' | 'threw' | 'timed out';

/** The judgement on the answer to an exercise. */
export interface Verdict {
  state: State;
  /** the function it hangs on; undefined if passed */
  part?: string;
  /** what is the matter, in a sentence or two */
  message: string;
  /** the cases it was tried on, of the last part that was */
  findings: Finding[];
  /** what the function threw */
  thrown?: unknown;
}

/** How to judge. */
export interface JudgeOptions {
  /** of the inputs; another one each time, so that nobody can write the answer down */
  seed: number;
  /** how long one part may take */
  seconds: number;
}

/** Judges what the learner's names stand for; never throws on account of them. */
export async function judge(
  exercise: Exercise,
  valueOf: (name: string) => unknown,
  { seed, seconds }: JudgeOptions,
): Promise<Verdict> {
  const random = new Random(seed);
  let findings: Finding[] = [];
  for (const part of exercise.parts) {
    const value = valueOf(part.name);
    const verdict =
      checkKind(part, value) ?? (await tryPart(part, value as Answer, random, seconds));
    if (verdict.state !== 'passed') return { ...verdict, part: part.name };
    findings = verdict.findings;
  }
  return { state: 'passed', message: `Right on ${findings.length} fresh inputs.`, findings };
}

function checkKind({ name, signature }: Part, value: unknown): Verdict | undefined {
  if (value === undefined) {
    const message = `There is no ${name} yet. Run the cell that defines it; if it shows a red error, mend that first. It begins: ${signature}`;
    return { state: 'not defined', message, findings: [] };
  }
  if (typeof value === 'function') return undefined;
  return {
    state: 'failed',
    message: `${name} must be a function, it is a ${typeof value}. It begins: ${signature}`,
    findings: [],
  };
}

async function tryPart(
  part: Part,
  answer: Answer,
  random: Random,
  seconds: number,
): Promise<Verdict> {
  try {
    const findings = await within(seconds, runCases(part, answer, random));
    const failed = findings.find(({ passed }) => !passed);
    if (!failed) return { state: 'passed', message: '', findings };
    const mistake = failed.mistake ?? (await squareOnly(part, answer, random, seconds));
    const message = mistake ? `${part.name}: ${mistake}.` : `${part.name} gives another result.`;
    return { state: 'failed', message, findings };
  } catch (error) {
    return verdictOn(error, part, seconds, await squareOnly(part, answer, random, seconds, error));
  }
}

async function runCases(part: Part, answer: Answer, random: Random): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const one of await part.cases(random)) findings.push(await one.examine(answer));
  return findings;
}

function verdictOn(
  error: unknown,
  { name }: Part,
  seconds: number,
  squareOnly: string | undefined,
): Verdict {
  if (error instanceof TimedOut) {
    const message = `${name} did not come to an end within ${seconds} s. Does it await something that never comes? (A loop that never lets go cannot be noticed here: stop it with ■.)`;
    return { state: 'timed out', message, findings: [] };
  }
  if (!(error instanceof AnswerThrew)) {
    if (!(error instanceof Error) || error.name !== NotAttempted.name) throw error;
    const message = `${name} still has the body it came with. Replace \`return todo();\` by your code, run the cell, then this one.`;
    return { state: 'not attempted', message, findings: [] };
  }
  const { input, thrown, message: got } = error;
  if (squareOnly) {
    const findings = [{ input, passed: false, expected: 'a result', got }];
    return { state: 'failed', message: `${name}: ${squareOnly}.`, findings, thrown };
  }
  const message = `${name} threw an error on ${input}: ${got}`;
  return { state: 'threw', message, findings: [], thrown };
}

/** Tells whether an answer that failed at d ≠ k is right at d = k. */
async function squareOnly(
  part: Part,
  answer: Answer,
  random: Random,
  seconds: number,
  error?: unknown,
): Promise<string | undefined> {
  if (!part.square || (error !== undefined && !(error instanceof AnswerThrew))) return undefined;
  try {
    const square = await part.square(random);
    const { passed } = await within(seconds, square.examine(answer));
    return passed
      ? 'right only for square weights (d = k): one size is taken for the other'
      : undefined;
  } catch {
    return undefined;
  }
}

class TimedOut extends Error {}

/** @throws TimedOut when the time is over; the work itself cannot be stopped */
async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimedOut()), 1000 * seconds);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
