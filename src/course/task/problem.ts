import { createHash } from 'node:crypto';
import {
  ArgumentError,
  assertOptions,
  assertPositiveIntegers,
  type OptionKeys,
} from '../../tensor/errors';
import { Draw } from '../../tensor/runtime';
import { formatStep, LARGEST, type Step } from './equation';
import { type PlannedStep, work } from './solution-plan';
import { STORIES, type StoryKind } from './stories';

/** The splits of all problems; no worked solution, and so no question, is in two of them. */
export const SPLITS = ['train', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/**
 * A word problem of two or three steps and its solution.
 * Example: `Ann has 3 bags of 4 nuts and finds 5 more. How many now?` with the steps
 * `3*4=12, 12+5=17`, in the order of the story. Every value is from 1 to 50.
 */
export interface Problem {
  readonly kind: StoryKind;
  readonly question: string;
  readonly plan: readonly PlannedStep[];
  readonly steps: readonly Step[];
  readonly answer: number;
}

/** Options of a draw of problems. The same options give the same rows on every machine. */
export interface DrawOptions {
  readonly split: Split;
  /** any integer */
  readonly seed: number;
  /** the number of problems, at least 1 */
  readonly count: number;
}

const OPTIONS: OptionKeys<DrawOptions> = {
  split: 'required',
  seed: 'required',
  count: 'required',
};

/**
 * Gives the split of a problem, which never changes: eight problems in ten are for training, one
 * each for validation and test. It hashes the worked steps alone, so names and words do not count.
 */
export function splitOf({ steps }: Pick<Problem, 'steps'>): Split {
  const text = steps.map(formatStep).join();
  const part = createHash('sha256').update(text).digest().readUInt32BE(0) % 10;
  return part < 8 ? 'train' : part === 8 ? 'validation' : 'test';
}

/**
 * Draws different questions of one split, every kind of story about equally often.
 * @throws ArgumentError if the split is unknown, the seed not an integer or the count not a
 *   positive one
 */
export function drawProblems(options: DrawOptions): Problem[] {
  assertOptions('drawProblems', options, OPTIONS);
  const { split, seed, count } = options;
  assertPositiveIntegers('drawProblems', { count });
  if (!SPLITS.includes(split)) {
    const known = SPLITS.join(', ');
    throw new ArgumentError(`drawProblems: split must be one of ${known}, got ${String(split)}.`);
  }
  const draw = new Draw(seed, `problems ${split}`);
  const problems = new Map<string, Problem>();
  while (problems.size < count) {
    const problem = drawProblem(draw, split);
    problems.set(problem.question, problem);
  }
  return [...problems.values()];
}

/** Picks a kind of story, then draws its numbers until all values are in range and in the split. */
function drawProblem(draw: Draw, split: Split): Problem {
  const kind = draw.pick(Object.keys(STORIES) as StoryKind[]);
  for (;;) {
    const { question, plan } = STORIES[kind](draw);
    const steps = work(plan);
    if (
      steps.every(({ value }) => value >= 1 && value <= LARGEST) &&
      splitOf({ steps }) === split
    ) {
      return { kind, question, plan, steps, answer: steps.at(-1)?.value ?? NaN };
    }
  }
}
