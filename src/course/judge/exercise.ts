import type { Random } from '../../tensor/runtime';

/** A function the learner wrote. */
export type Answer = (...args: unknown[]) => unknown;

/** Result of an answer on one input. */
export interface Finding {
  /** the input in words: names, shapes, scale */
  input: string;
  passed: boolean;
  expected: string;
  got: string;
  /** the largest difference, if numbers were compared */
  difference?: number;
  /** the likeliest mistake in words */
  mistake?: string;
  /** a mistake that counts only if every input shows it, such as a constant factor */
  everywhere?: string;
  /** number of tensors that the call left in memory, if it did: no mistake, but worth a note */
  leaked?: number;
}

/** One input that an answer is tried on. It creates and frees its own tensors. */
export interface Case {
  input: string;
  examine(answer: Answer): Promise<Finding>;
}

/** One function of an exercise. */
export interface Part {
  /** its name in the notebook */
  name: string;
  /** its first line in the notebook, without the opening brace */
  signature: string;
  /** how to leave no tensors behind, where wrapping the body in `tf.tidy` is not the way */
  freeing?: string;
  /**
   * draws fresh inputs: never square, the scale never 1, B never 0
   * @param right the learner's functions of the parts before, which passed
   */
  cases(random: Random, right: Readonly<Record<string, Answer>>): Promise<Case[]>;
  /** draws an input with d = k, to recognise an answer that is right only there */
  square?(random: Random): Promise<Case>;
  /**
   * draws an input with all axes of one length, where factors fit in any order: its suspects tell
   * which order an answer has that throws elsewhere
   */
  anyOrder?(random: Random): Promise<Case>;
}

/** An exercise of the lesson. */
export interface Exercise {
  id: string;
  /** `Exercise 4: weight merging` */
  title: string;
  parts: Part[];
  /** in order, from a nudge to nearly the answer */
  hints: string[];
}
