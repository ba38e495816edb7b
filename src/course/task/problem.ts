import { createHash } from 'node:crypto';
import { formatStep, LARGEST, type Step } from './equation';
import { checkCount, Draw, TaskError } from './seeded-draw';
import { type PlannedStep, work } from './solution-plan';
import { STORIES, type StoryKind } from './stories';

/** The parts that problems fall into; no worked solution, and so no question, is in two of them. */
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

/** What to draw. The same options give the same rows on every machine. */
export interface DrawOptions {
  readonly split: Split;
  /** Any integer. */
  readonly seed: number;
  /** How many, at least 1. */
  readonly count: number;
}

/**
 * The split that a problem belongs to, for ever: eight in ten are for training, one each for
 * validation and test. The hash is of the worked steps alone, whatever the names and words.
 */
export function splitOf({ steps }: Pick<Problem, 'steps'>): Split {
  const text = steps.map(formatStep).join();
  const part = createHash('sha256').update(text).digest().readUInt32BE(0) % 10;
  return part < 8 ? 'train' : part === 8 ? 'validation' : 'test';
}

/**
 * Different questions of one split, each kind of story about as often.
 * @throws TaskError if the split is unknown, the seed no integer or the count not positive
 */
export function drawProblems({ split, seed, count }: DrawOptions): Problem[] {
  checkCount('drawProblems', count);
  if (!SPLITS.includes(split)) {
    const known = SPLITS.join(', ');
    throw new TaskError(`drawProblems: split must be one of ${known}, got ${String(split)}.`);
  }
  const draw = new Draw(seed, `problems ${split}`);
  const problems = new Map<string, Problem>();
  while (problems.size < count) {
    const problem = drawProblem(draw, split);
    problems.set(problem.question, problem);
  }
  return [...problems.values()];
}

/** Keeps the kind and draws its numbers again until they come out well and in the split. */
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
