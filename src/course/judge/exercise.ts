import type { Random } from '../../tensor/runtime';

/** What the learner wrote. */
export type Answer = (...args: unknown[]) => unknown;

/** How an answer did on one input. */
export interface Finding {
  /** the input in words: names, shapes, scale */
  input: string;
  passed: boolean;
  expected: string;
  got: string;
  /** the largest difference, where there are numbers to compare */
  difference?: number;
  /** the likeliest mistake in words */
  mistake?: string;
}

/** One input an answer is tried on. Whatever it needs it makes and frees itself. */
export interface Case {
  input: string;
  examine(answer: Answer): Promise<Finding>;
}

/** One function of an exercise. */
export interface Part {
  /** what the learner calls it */
  name: string;
  /** its first line in the notebook, without the opening brace */
  signature: string;
  /** fresh inputs, never square, with a scale that is never 1 and a B that is never 0 */
  cases(random: Random): Promise<Case[]>;
  /** the same with d = k, to tell who is right there only */
  square?(random: Random): Promise<Case>;
}

/** An exercise of the lesson. */
export interface Exercise {
  id: string;
  /** `Exercise 4: weight merging` */
  title: string;
  parts: Part[];
  /** from a nudge to nearly the answer */
  hints: string[];
}
