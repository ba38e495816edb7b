import { Random } from '../../tensor/runtime';
import { AnswerThrew } from './call-answer';
import type { Answer, Exercise, Finding, Part } from './exercise';
import { NotAttempted } from './todo';

/** State of an answer after judging. */
export type State = 'passed' | 'failed' | 'not attempted' | 'not defined' | 'threw' | 'timed out';

/** The judgement on the answer to an exercise. */
export interface Verdict {
  state: State;
  /** the function that did not pass; undefined if all passed */
  part?: string;
  /** explains the state in a sentence or two */
  message: string;
  /** what could be better in an answer that passed */
  notes?: string[];
  /** results on the cases of all parts, if they passed; else on those of the part that did not */
  findings: Finding[];
  /** what the function threw */
  thrown?: unknown;
}

/** Options of `judge`. */
export interface JudgeOptions {
  /** seed of the inputs; a new one for each check, so that an answer cannot be written down */
  seed: number;
  /** time limit for one part */
  seconds: number;
}

/** Judges the learner's functions, by name; an error in one of them is a verdict, not a throw. */
export async function judge(
  exercise: Exercise,
  valueOf: (name: string) => unknown,
  { seed, seconds }: JudgeOptions,
): Promise<Verdict> {
  const random = new Random(seed);
  const findings: Finding[] = [];
  const notes: string[] = [];
  for (const part of exercise.parts) {
    const value = valueOf(part.name);
    const verdict =
      checkKind(part, value) ?? (await tryPart(part, value as Answer, random, seconds));
    if (verdict.state !== 'passed') return { ...verdict, part: part.name };
    findings.push(...verdict.findings);
    notes.push(...noteLeak(part, verdict.findings));
  }
  return { state: 'passed', message: `Right on ${findings.length} fresh inputs.`, notes, findings };
}

function noteLeak({ name }: Part, findings: Finding[]): string[] {
  const leaked = Math.max(...findings.map((finding) => finding.leaked ?? 0));
  if (leaked === 0) return [];
  const tensors = leaked === 1 ? '1 tensor stays' : `${leaked} tensors stay`;
  return [`${tensors} in memory per call of ${name}: wrap its body in tf.tidy(() => ...).`];
}

function checkKind({ name, signature }: Part, value: unknown): Verdict | undefined {
  if (value === undefined) {
    const message = `There is no ${name} yet. Run the cell that defines it; if it shows a red error, fix that first. It begins: ${signature}`;
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
    const message = mistake
      ? `${part.name}: ${mistake}.`
      : `${part.name} gives a different result.`;
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
    const message = `${name} did not finish within ${seconds} s. Does it await a promise that never resolves? (An endless loop without await cannot be noticed here: stop it with ■.)`;
    return { state: 'timed out', message, findings: [] };
  }
  if (!(error instanceof AnswerThrew)) {
    if (!(error instanceof Error) || error.name !== NotAttempted.name) throw error;
    const message = `${name} still has its original body. Replace \`return todo();\` with your code, run that cell, then this one.`;
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
      ? 'right only for square weights (d = k): d is used for k, or k for d'
      : undefined;
  } catch {
    return undefined;
  }
}

class TimedOut extends Error {}

/** @throws TimedOut at the time limit; the work itself cannot be stopped */
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
