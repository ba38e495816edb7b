/** A question with an answer to choose. */
export interface Choice {
  question: string;
  /** in the order in which they are shown; cells name them by letters, from a */
  answers: readonly string[];
  /** the letter of the right one */
  right: string;
  /** one sentence for a learner who chose, right or not */
  because: string;
}

/** All questions with answers to choose, keyed by the id that cells use. */
export const CHOICES = {
  'small-product': {
    question: 'B has the rows [2] and [10], A is [1, 0, -1]. What is B A?',
    answers: ['[[2, 0, -2], [10, 0, -10]]', '[[2, 10], [0, 0], [-2, -10]]', '[[-8]]'],
    right: 'a',
    because: '[2, 1] times [1, 3] is [2, 3]: each row of B A is A, times one number of B.',
  },
  'first-gradient': {
    question: 'A is random and B = 0. Whose gradient is zero at the very first step?',
    answers: ["A's", "B's", 'of both', 'of neither'],
    right: 'a',
    because:
      'The loss sees A only through B A. As long as B is zero, no change of A changes the loss.',
  },
} satisfies Record<string, Choice>;

export type ChoiceId = keyof typeof CHOICES;
