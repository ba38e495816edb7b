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
  'first-step-rank': {
    question: 'B A x is a sum of r terms. How does it grow with r after the first step of Adam?',
    answers: ['like √r, as a sum of random signs', 'like r: the terms pull together', 'not at all'],
    right: 'b',
    because:
      'Adam moves every entry of B in the direction that lowers the loss, so the terms are not random.',
  },
  'dora-length': {
    question: 'DoRA, with B A made huge and m as it was: how long are the rows of W then?',
    answers: ['huge too', 'as long as those of W0', '1'],
    right: 'b',
    because:
      'Each row is divided by its own norm and multiplied by m, which began as the norm in W0.',
  },
  'pissa-share': {
    question:
      'The rank is 16 of 160. What share of the squares of W0 is in its 16 strongest directions?',
    answers: ['about 10 %, as in noise', 'about a quarter', 'more than half'],
    right: 'c',
    because:
      'Trained weights have few strong directions and many weak ones. PiSSA starts from the strong.',
  },
  'best-variant': {
    question: 'Which one solves more than plain LoRA, beyond the luck of the seeds?',
    answers: ['PiSSA', 'LoRA+', 'each of the four', 'none of the four'],
    right: 'd',
    because: 'The interval of each difference from LoRA contains 0, or lies below it.',
  },
} satisfies Record<string, Choice>;

export type ChoiceId = keyof typeof CHOICES;
