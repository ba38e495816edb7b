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
    answers: ['about a tenth', 'about a fifth, as in noise', 'more than half'],
    right: 'c',
    because:
      'Trained weights have few strong directions and many weak ones. PiSSA starts from the strong.',
  },
  'best-variant': {
    question: 'Which one is shown to solve more than plain LoRA, beyond the luck of the seeds?',
    answers: ['PiSSA', 'LoRA+', 'each of the four', 'none of the four'],
    right: 'd',
    because: 'The interval of each difference from LoRA contains 0.',
  },
  'base-solves': {
    question:
      'The base knows the words, and can add and multiply. How many test problems does it solve?',
    answers: ['nearly all', 'about half', 'none, or nearly none'],
    right: 'c',
    because: 'It never saw a question with a solution, so it continues with other text.',
  },
  'large-rate': {
    question: 'Ten times the learning rate: what does the loss do in the first 60 steps?',
    answers: ['it falls faster', 'it falls as fast', 'it rises again, and stays high'],
    right: 'c',
    because: 'A gradient points downhill only near the weights; steps that long go far beyond.',
  },
  'adapter-solves': {
    question:
      'Trained on none of the test problems, how many does the model solve after all 1,500 steps?',
    answers: ['fewer than half', 'about two thirds', 'nine of ten, or more'],
    right: 'c',
    because:
      'The stories are of a few kinds, so what solves the training problems solves new ones.',
  },
  'loaded-answers': {
    question: 'The adapter is loaded from its files. How many answers stay the same?',
    answers: ['all', 'most: files round numbers', 'few: the layers are new ones'],
    right: 'a',
    because: 'The file holds A and B in float32, exactly as they were.',
  },
  'bank-memory': {
    question:
      'The base takes 5.1 MB. How much do the base and three adapters of rank 8 take together?',
    answers: ['about 6 MB', 'about 10 MB', 'about 20 MB'],
    right: 'a',
    because: 'The base is there once. Each adapter adds a sixteenth of it.',
  },
  'mixed-rows': {
    question: 'How much does a row differ from a run in which all rows use its adapter?',
    answers: ['not at all, but for rounding', 'a little: rows mix', 'much: adapters add up'],
    right: 'a',
    because: 'Each row is multiplied by its own A and B, and rows of a batch never meet.',
  },
  'team-or-vote': {
    question: "Team or solver's vote, with equal tokens: which solves more of 2,000 problems?",
    answers: [
      'the vote',
      'neither, clearly',
      'the team, by 1 to 2 points',
      'the team, by 10 or more',
    ],
    right: 'c',
    because:
      'Few problems are left that the solver alone gets wrong, and the team solves some of them.',
  },
  'critic-alone': {
    question:
      'The critic makes the team better. Alone, is it also a better solver than the solver?',
    answers: ['yes', 'no, an equal one', 'no, a worse one'],
    right: 'c',
    because: 'A critic writes nothing: it need only find right solutions likelier than wrong ones.',
  },
  'larger-adapters': {
    question: 'The base of distilgpt2 takes 328 MB. How much would three adapters of rank 8 add?',
    answers: ['about 7 MB', 'about 60 MB', 'about 1 GB'],
    right: 'a',
    because:
      'An adapter grows with the width, a linear layer with its square: the larger, the smaller its share.',
  },
  'level-spacing': {
    question: 'Each level shall stand for equally many weights. Where are levels closest together?',
    answers: ['near 0', 'at the ends', 'nowhere: they are evenly spaced'],
    right: 'a',
    because: 'Most weights are there, so a narrow piece holds as many as a wide one farther out.',
  },
  'busiest-level': {
    question: 'The weights are rounded to NF4 in blocks of 64. Which level is used most?',
    answers: ['0, or one beside it', 'one of the two ends', 'none: all are used equally often'],
    right: 'a',
    because:
      'The largest weight of a block is farther out than NF4 supposes, which pushes the others in.',
  },
  'outlier-error': {
    question:
      'Rounding errs by 11 %. One of 4,096 weights is multiplied by 30: how much do the others err?',
    answers: [
      'one scale for all: 12 %; one for each 64: 11 %',
      'one scale for all: 100 %; one for each 64: 17 %',
      'one scale for all: 100 %; one for each 64: 100 %',
    ],
    right: 'b',
    because:
      'Beside the outlier, all that share its scale look small and become 0; no others change.',
  },
  'largest-part': {
    question: 'What takes most memory between two steps of full fine-tuning?',
    answers: ['the weights', "AdamW's two moments of each weight", 'both take equally much'],
    right: 'b',
    because: 'Two moments are two float32 numbers for each weight: twice the weights.',
  },
  'merge-rounding': {
    question:
      'After all 120 steps, is the rounding error of the merged weights smaller or larger than the whole update s B A?',
    answers: ['smaller', 'equal', 'larger'],
    right: 'a',
    because: 'On average, training moved the weights several times as far as rounding does.',
  },
  'small-update': {
    question:
      'If the update that 120 steps made in this layer were a tenth as large, how much of it would 4 bits keep?',
    answers: ['all of it', 'about a third', 'nothing'],
    right: 'b',
    because:
      'A smaller update moves fewer weights to the next level; the others stay where they were.',
  },
  'norm-mean': {
    question:
      "LayerNorm subtracts the mean of a token's 160 numbers. How large is it in the GPT-2, compared with their root mean square?",
    answers: ['2 to 6 %', 'about a half', 'about as large'],
    right: 'a',
    because:
      'Numbers above and below 0 cancel, and training left it so: there is little to subtract.',
  },
  'rotary-shift': {
    question:
      'A query at position 12 and a key at 7 have a score. What is it if both stand 100 positions later?',
    answers: ['the same', 'smaller', 'any number: all angles are others'],
    right: 'a',
    because: 'Both are turned further by the same angles, which leaves their product as it was.',
  },
  'most-parameters': {
    question: "Where are most of SmolLM2's 134.5 million parameters?",
    answers: ['in the 49,152 token vectors', 'in attention', 'in the MLPs'],
    right: 'c',
    because:
      'Each of 30 blocks has three matrices of 576 × 1,536, three times as much as attention.',
  },
  'adapter-share': {
    question: 'LoRA of rank 8 on q_proj and v_proj: which share of all parameters is trained?',
    answers: ['about 3 %', 'about 0.3 %', 'about 0.03 %'],
    right: 'b',
    because:
      'Each of 30 layers trains 8 × (1,152 + 768) numbers and has 3.5 million; the token vectors are 28 million more.',
  },
  'first-step': {
    question:
      'B is 0, the learning rate 0.002. What does one step do to the loss of this sentence?',
    answers: ['nothing yet', 'it falls', 'it rises'],
    right: 'b',
    because: 'A is random, so B has a gradient, and moves first: enough to lower the loss.',
  },
  'mean-of-means': {
    question:
      'One batch has 100 labels of loss 0.5, the other 3 of loss 4. What is the mean loss of a label?',
    answers: ['about 0.6', '2.25', 'about 3.9'],
    right: 'a',
    because: '62 / 103: the three labels are three of 103, however they were cut into batches.',
  },
  'home-base': {
    question: 'How many of the requests does the base answer with the right call?',
    answers: ['nearly all', 'about half', 'none, or nearly none'],
    right: 'c',
    because: 'It was never told what the functions and their arguments are called.',
  },
  'home-mistakes': {
    question: 'The adapter makes mistakes on the test. In what?',
    answers: ['in names and places', 'in the form of the JSON', 'in numbers'],
    right: 'a',
    because:
      'The form is the same in every row. A name that it never saw must be copied, piece by piece.',
  },
  forgotten: {
    question:
      "It learned calls and nothing else. What happened to its loss on the base's own answers to other questions?",
    answers: ['it fell', 'it stayed as it was', 'it rose'],
    right: 'c',
    because: 'One adapter is on for every text: what moves the calls moves the other answers too.',
  },
} satisfies Record<string, Choice>;

export type ChoiceId = keyof typeof CHOICES;
