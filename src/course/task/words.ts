import type { Draw } from '../../tensor/runtime';
import type { Operation } from './equation';
import type { Operand, Plan } from './solution-plan';

export const NAMES = ['Ann', 'Ben', 'Cal', 'Eva', 'Max', 'Ron', 'Sam', 'Tom', 'Zoe'] as const;
export const OBJECTS = [
  'balls',
  'books',
  'caps',
  'cards',
  'cups',
  'eggs',
  'hats',
  'keys',
  'nuts',
  'pens',
] as const;
export const BOXES = ['bags', 'boxes', 'packs', 'rows'] as const;

/** A change of an amount. Example: `finds 5 more`, which adds 5. */
export interface Happening {
  readonly text: string;
  readonly operation: Operation;
  readonly amount: number;
}

type Phrase = readonly [before: string, after: string, operation: Operation];

const CHANGES: readonly Phrase[] = [
  ['finds ', ' more', '+'],
  ['buys ', ' more', '+'],
  ['gets ', ' more', '+'],
  ['wins ', '', '+'],
  ['loses ', '', '-'],
  ['sells ', '', '-'],
  ['uses ', '', '-'],
  ['gives away ', '', '-'],
];

const MULTIPLES: readonly Happening[] = [
  { text: 'doubles them', operation: '*', amount: 2 },
  { text: 'triples them', operation: '*', amount: 3 },
];

/** Draws a gain or a loss of 2 to 12. */
export function drawChange(draw: Draw): Happening {
  const [before, after, operation] = draw.pick(CHANGES);
  const amount = draw.int(2, 12);
  return { text: `${before}${amount}${after}`, operation, amount };
}

/** Draws a gain, a loss, or (one time in four) a multiple. */
export function drawHappening(draw: Draw): Happening {
  return draw.int(1, 4) === 1 ? draw.pick(MULTIPLES) : drawChange(draw);
}

/** Draws a comparison with another amount, as in `has 5 fewer`. */
export function drawComparison(draw: Draw): Happening {
  const operation = draw.pick(['+', '-', '*'] as const);
  const amount = operation === '*' ? draw.int(2, 5) : draw.int(2, 12);
  const word = { '+': 'more', '-': 'fewer', '*': 'times as many' }[operation];
  return { text: `${amount} ${word}`, operation, amount };
}

/** Adds changes, in order, to a plan; returns the operand of the final amount. */
export function follow(plan: Plan, start: Operand, happenings: readonly Happening[]): Operand {
  return happenings.reduce<Operand>(
    (current, { operation, amount }) => plan.add(current, operation, amount),
    start,
  );
}

/** Joins phrases, as in `loses 3, wins 5 and doubles them`. */
export function joinPhrases(phrases: readonly string[]): string {
  const last = phrases.at(-1) ?? '';
  return phrases.length < 2 ? last : `${phrases.slice(0, -1).join(', ')} and ${last}`;
}

/** Calls `make` `count` times and lists the results. */
export function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
