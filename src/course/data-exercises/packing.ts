import {
  type Case,
  type Exercise,
  integers,
  type Part,
  type Suspects,
  tensor,
  valueCase,
} from '../judge';

/** Rows of texts, by their numbers of tokens. */
const ROWS = [
  [4, 3, 6],
  [2, 5, 1, 3],
  [7, 4],
  [3, 5, 3],
];

const cases = (of: (lengths: number[]) => Case) => () => Promise.resolve(ROWS.map(of));

const positionsPart: Part = {
  name: 'positionsOf',
  signature: 'function positionsOf(lengths: number[]): tf.Tensor1D',
  cases: cases(positionsCase),
};

const maskPart: Part = {
  name: 'maskOf',
  signature: 'function maskOf(lengths: number[]): tf.Tensor2D',
  cases: cases(maskCase),
};

/** A token of a row. */
interface Token {
  /** the number of its text */
  text: number;
  /** how many tokens its text has */
  length: number;
  /** its place in the text */
  position: number;
  /** its place in the row */
  place: number;
}

function tokensOf(lengths: number[]): Token[] {
  return lengths
    .flatMap((length, text) =>
      Array.from({ length }, (_, position) => ({ text, length, position })),
    )
    .map((token, place) => ({ ...token, place }));
}

/** The same row, cut into other texts. */
function wrongLengths(lengths: number[]): Record<'late' | 'early' | 'asFirst', number[]> {
  const [first = 0] = lengths;
  const last = lengths.at(-1) ?? 0;
  const n = tokensOf(lengths).length;
  const between = lengths.slice(1, -1);
  const whole = new Array<number>(Math.floor(n / first)).fill(first);
  return {
    late: [first + 1, ...between, last - 1],
    early: [first - 1, ...between, last + 1],
    asFirst: [...whole, n % first],
  };
}

function positionsCase(lengths: number[]): Case {
  const made = (of: (token: Token) => number, cut = lengths) => {
    const values = tokensOf(cut).map(of);
    return integers({ shape: [values.length], values });
  };
  const position = (token: Token) => token.position;
  const { late, early, asFirst } = wrongLengths(lengths);
  const longest = Math.max(...lengths);
  return valueCase({
    args: { lengths: [...lengths] },
    expected: made(position),
    suspects: {
      'the positions run on: each text starts at 0 again': [
        made(({ place }) => place),
        made(({ place }) => place + 1),
      ],
      'the first position is 1: it is 0': made((token) => token.position + 1),
      'that is the length of the text: the position of a token is its place in it': made(
        ({ length }) => length,
      ),
      'that is the number of the text: the position of a token is its place in it': [
        made(({ text }) => text),
        made(({ text }) => text + 1),
      ],
      'that is where the text starts: subtract it from the place in the row': made(
        (token) => token.place - token.position,
      ),
      'the order is reversed: the first token of a text is at 0': [
        made((token) => token.length - 1 - token.position),
        made((token) => token.length - token.position),
      ],
      'each text starts one token too late': made(position, late),
      'each text starts one token too early': made(position, early),
      'every text is taken as long as the first: each has its own length': made(position, asFirst),
      'every text is padded to the longest: the row has no padding': made(
        position,
        lengths.map(() => longest),
      ),
      'only the first text has positions: the others follow': made(position, lengths.slice(0, 1)),
      'every position is 0: only the first token of a text is there': made(() => 0),
    },
  });
}

type Sees = (own: Token, other: Token) => boolean;

const isSame: Sees = (own, other) => own.text === other.text;
const isPast: Sees = (own, other) => other.place <= own.place;
const right: Sees = (own, other) => isSame(own, other) && isPast(own, other);

/** One number for each pair of tokens, [n, n]. */
function pairs(lengths: number[], of: (own: Token, other: Token) => number) {
  const tokens = tokensOf(lengths);
  const values = tokens.flatMap((own) => tokens.map((other) => of(own, other)));
  return tensor({ shape: [tokens.length, tokens.length], values });
}

function maskCase(lengths: number[]): Case {
  return valueCase({
    args: { lengths: [...lengths] },
    expected: pairs(lengths, (...two) => (right(...two) ? 1 : 0)),
    suspects: { ...sightSuspects(lengths), ...numberSuspects(lengths) },
  });
}

/** Tokens see others. */
function sightSuspects(lengths: number[]): Suspects {
  const seen = (sees: Sees, cut = lengths) => pairs(cut, (...two) => (sees(...two) ? 1 : 0));
  const { late, early, asFirst } = wrongLengths(lengths);
  return {
    'a text sees those before it: a token sees only its own text': seen(isPast),
    'texts of one length see each other: what counts is which text it is': seen(
      (own, other) => own.length === other.length && isPast(own, other),
    ),
    'a token sees what comes after it: only j <= i is seen': seen(isSame),
    'the transpose: row i says what token i sees': seen(
      (own, other) => isSame(own, other) && isPast(other, own),
    ),
    'a token does not see itself: j = i is seen': seen(
      (own, other) => right(own, other) && own.place !== other.place,
    ),
    'a token sees only itself: it also sees those before it in its text': seen(
      (own, other) => own.place === other.place,
    ),
    'upside down: 1 is where token i sees token j': seen((...two) => !right(...two)),
    'only other texts are seen: a token sees its own text': [
      seen((own, other) => !isSame(own, other) && isPast(own, other)),
      seen((own, other) => !isSame(own, other)),
    ],
    'texts see those before them, and all of their own: it is j <= i, in one text': seen(
      (own, other) => other.text <= own.text,
    ),
    'each text starts one token too late': seen(right, late),
    'each text starts one token too early': seen(right, early),
    'every text is taken as long as the first: each has its own length': seen(right, asFirst),
    'everything is seen: other texts and later tokens are hidden': seen(() => true),
  };
}

/** The right tokens are seen, but by other numbers. */
function numberSuspects(lengths: number[]): Suspects {
  const made = (one: (own: Token) => number, other: number) =>
    pairs(lengths, (...two) => (right(...two) ? one(two[0]) : other));
  return {
    'that is added to scores: here it is 1 for what is seen, 0 for what is hidden': [
      ...[-Infinity, -1e9, -1e10, -1e30].map((hidden) => made(() => 0, hidden)),
      made(() => NaN, -Infinity), // 0 · -∞
    ],
    'hidden is -1: it is 0': made(() => 1, -1),
    'each row adds up to 1: that is for softmax, here each is 1': made(
      ({ position }) => 1 / (position + 1),
      0,
    ),
    'that is the number of the text: it is 1 for what is seen': made(({ text }) => text + 1, 0),
  };
}

/** Exercise 3: several texts in one row. */
export const packing: Exercise = {
  id: 'packing',
  title: 'Exercise 3: several texts in one row',
  parts: [positionsPart, maskPart],
  hints: [
    'Each text is learned as if it were alone: its positions start at 0, and its tokens see no other text, nor what comes after them.',
    "Array.from({ length }, (_, i) => i) are the positions of one text; lengths.flatMap joins those of all, and tf.tensor1d(list, 'int32') makes a tensor of integers.",
    'For the mask, number the text of each token: lengths.flatMap((length, text) => new Array(length).fill(text)). A column compared with a row gives [n, n]: text.expandDims(1).equal(text), place.expandDims(1).greaterEqual(place).',
    'With text = tf.tensor1d(texts) and place = tf.range(0, texts.length), both made in tf.tidy: text.expandDims(1).equal(text).logicalAnd(place.expandDims(1).greaterEqual(place)).toFloat().',
  ],
};
