import { Random } from '../../tensor/runtime';
import { AnswerThrew } from './call-answer';
import type { Answer, Case, Exercise, Finding, Part } from './exercise';
import { wordsFor } from './thrown-words';
import { NotAttempted } from './todo';

/** State of an answer after judging. */
export type State = 'passed' | 'failed' | 'not attempted' | 'not defined' | 'threw' | 'timed out';

/** The judgement on the answer to an exercise. */
export interface Verdict {
  state: State;
  /** the function that did not pass; undefined if all passed */
  part?: string;
  /** the functions before that one, which passed */
  right?: string[];
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
  const right: Record<string, Answer> = {};
  const trial = { random, seconds, right };
  for (const part of exercise.parts) {
    const value = valueOf(part.name);
    const verdict = checkKind(part, value) ?? (await tryPart(part, value as Answer, trial));
    if (verdict.state !== 'passed') {
      return { ...verdict, part: part.name, right: Object.keys(right) };
    }
    right[part.name] = value as Answer;
    findings.push(...verdict.findings);
    notes.push(...noteLeak(part, verdict.findings));
  }
  return { state: 'passed', message: `Right on ${findings.length} fresh inputs.`, notes, findings };
}

const TIDY = 'wrap its body in tf.tidy(() => ...), and dispose of variables that it makes';

function noteLeak({ name, freeing = TIDY }: Part, findings: Finding[]): string[] {
  const leaked = Math.max(...findings.map((finding) => finding.leaked ?? 0));
  if (leaked === 0) return [];
  const tensors = leaked === 1 ? '1 tensor stays' : `${leaked} tensors stay`;
  return [`${tensors} in memory per call of ${name}: ${freeing}.`];
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

/** What all parts are tried with. */
interface Trial {
  random: Random;
  /** time limit for one part */
  seconds: number;
  /** the functions that have passed, by name */
  right: Record<string, Answer>;
}

async function tryPart(part: Part, answer: Answer, trial: Trial): Promise<Verdict> {
  const findings: Finding[] = [];
  // An answer that is right on some input, be it by a promise, has d, k and the factors' order right.
  const probed = async () =>
    findings.some((one) => one.passed || isPromised(one)) ? undefined : probe(part, answer, trial);
  try {
    await within(trial.seconds, runCases(part, answer, trial, findings));
    const failed = findings.find(({ passed }) => !passed);
    if (!failed) return { state: 'passed', message: '', findings };
    const mistake = failed.mistake ?? mistakeOfAll(findings) ?? (await probed());
    const message =
      mistake === undefined
        ? `${part.name} gives a different result.`
        : sentence(`${part.name}: ${mistake}`);
    return { state: 'failed', message, findings };
  } catch (error) {
    if (error instanceof TimedOut) return timedOut(part, trial.seconds);
    if (error instanceof AnswerThrew) {
      const isAsync = findings.some(isPromised);
      return threw(part, error, await probed(), isAsync);
    }
    // Compared by name: reloading the built code creates a new class.
    if (error instanceof Error && error.name === NotAttempted.name) return notAttempted(part);
    throw error;
  }
}

/** Adds the findings one by one, so that those before a throw are known. */
async function runCases(
  part: Part,
  answer: Answer,
  { random, right }: Trial,
  findings: Finding[],
): Promise<void> {
  for (const one of await part.cases(random, right)) findings.push(await examine(one, answer));
}

const RETURNED_PROMISE = 'returns a Promise: leave out async';

/** Examines an answer; one that is right but asynchronous fails: later cells call it without await. */
async function examine(one: Case, answer: Answer): Promise<Finding> {
  let isAsync = false;
  const finding = await one.examine((...args) => {
    const value = answer(...args);
    isAsync ||= isThenable(value);
    return value;
  });
  if (!isAsync || !finding.passed) return finding;
  return { ...finding, passed: false, got: 'a Promise', mistake: RETURNED_PROMISE };
}

/** Whether an answer was right, but for its promise. */
function isPromised({ mistake }: Finding): boolean {
  return mistake === RETURNED_PROMISE;
}

/** By what it can do, not by class: a cell may have another Promise. */
function isThenable(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/** The mistake that every input shows; undefined if there is none. */
function mistakeOfAll(findings: Finding[]): string | undefined {
  const shown = findings.map(({ everywhere }) => everywhere);
  if (shown.includes(undefined)) return undefined;
  if (new Set(shown).size === 1) return shown[0];
  return 'yours is a multiple of the right value, but another one on each input: take every number from the arguments';
}

function sentence(text: string): string {
  return /[.?]$/.test(text) ? text : `${text}.`;
}

function timedOut({ name }: Part, seconds: number): Verdict {
  const message = `${name} did not finish within ${seconds} s. Does it await a promise that never resolves? (An endless loop without await cannot be noticed here: stop it with ■.)`;
  return { state: 'timed out', message, findings: [] };
}

function notAttempted({ name }: Part): Verdict {
  const message = `${name} still has its original body. Replace \`return todo();\` with your code, run that cell, then this one.`;
  return { state: 'not attempted', message, findings: [] };
}

function threw(
  { name }: Part,
  error: AnswerThrew,
  mistake: string | undefined,
  isAsync: boolean,
): Verdict {
  const { input, thrown, message: got } = error;
  const findings = [{ input, passed: false, expected: 'a result', got }];
  if (mistake !== undefined) {
    return { state: 'failed', message: sentence(`${name}: ${mistake}`), findings, thrown };
  }
  const also = isAsync ? ` It also ${RETURNED_PROMISE}.` : '';
  const message = sentence(`${name} threw an error on ${input}: ${wordsFor(got) ?? got}`) + also;
  return { state: 'threw', message, findings, thrown };
}

/** Finds the mistake of an answer that failed or threw, on inputs where more of them can be told. */
async function probe(
  part: Part,
  answer: Answer,
  { random, seconds }: Trial,
): Promise<string | undefined> {
  const tryOn = async (drawn: Promise<Case> | undefined) => {
    try {
      return await (drawn && within(seconds, (await drawn).examine(answer)));
    } catch {
      return undefined;
    }
  };
  const square = await tryOn(part.square?.(random));
  if (square?.passed) return 'right only for square weights (d = k): d is used for k, or k for d';
  return (await tryOn(part.anyOrder?.(random)))?.mistake;
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
