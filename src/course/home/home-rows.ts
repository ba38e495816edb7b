import { ArgumentError, assertPositiveIntegers, quote } from '../../tensor/errors';
import { Draw } from '../../tensor/runtime';
import type { ChatRow } from '../../train';
import { DAYS, PERSONS, ROOMS } from './names';
import { FUNCTIONS, type HomeFunction, type Slot, type Split } from './wordings';

/** What the assistant is told before each request. */
export const HOME_RULE = 'Answer with one JSON call.';

/** Which rows are drawn, and how many. */
export interface HomeOptions {
  /** places, names and numbers of one never occur in another; wordings of test in no other */
  split: Split;
  count: number;
  seed: number;
}

/** How often a request is drawn again because it is there already; more means there are no more. */
const TRIES = 1000;

/**
 * Draws different requests to a smart home and a calendar in plain English, each with the one call
 * that is right. Example: `Dim the attic to 35 percent.`, then
 * `{"name":"dim","room":"attic","percent":35}`.
 * @throws ArgumentError if the split is unknown or there are fewer requests than the count
 */
export function homeRows({ split, count, seed }: HomeOptions): ChatRow[] {
  if (!['train', 'valid', 'test'].includes(split)) {
    throw new ArgumentError(`homeRows: split must be train, valid or test, got ${quote(split)}.`);
  }
  assertPositiveIntegers('homeRows', { count });
  const draw = new Draw(seed, `home ${split}`);
  const rows = new Map<string, ChatRow>();
  const values = slotValues(split, draw);
  for (let tries = 0; rows.size < count; tries++) {
    if (tries === TRIES * count) {
      throw new ArgumentError(
        `homeRows: count must be at most the different requests, about ${rows.size}, got ${count}.`,
      );
    }
    // In turn, so that each function has as many rows.
    const { request, call } = drawRequest(
      FUNCTIONS[rows.size % FUNCTIONS.length],
      split,
      draw,
      values,
    );
    if (!rows.has(request)) rows.set(request, homeRow(request, call));
  }
  return draw.shuffle([...rows.values()]);
}

/** A call: the name of a function, then its arguments. */
export type HomeCall = { name: string } & Record<string, string | number | boolean>;

export function homeRow(request: string, call: HomeCall): ChatRow {
  return {
    messages: [
      { role: 'system', content: HOME_RULE },
      { role: 'user', content: request },
      { role: 'assistant', content: JSON.stringify(call) },
    ],
  };
}

function drawRequest(
  { name, slots, fixed = {}, wordings }: HomeFunction = FUNCTIONS[0] as HomeFunction,
  split: Split,
  draw: Draw,
  valueOf: SlotValues,
): { request: string; call: HomeCall } {
  const values = slots.map((slot) => [slot, valueOf[slot]()] as const);
  let request = draw.pick(wordings[split === 'test' ? 'test' : 'train']);
  for (const [slot, value] of values) request = request.replace(`{${slot}}`, `${value}`);
  return { request, call: { name, ...Object.fromEntries(values), ...fixed } };
}

/** Draws a value for a slot. */
type SlotValues = Record<Slot, () => string | number>;

function slotValues(split: Split, draw: Draw): SlotValues {
  const number = (low: number, high: number): number => {
    const drawn = draw.int(low, high);
    return splitOf(drawn) === split ? drawn : number(low, high);
  };
  const two = (value: number) => `${value}`.padStart(2, '0');
  return {
    room: inTurn(ROOMS[split], draw),
    person: inTurn(PERSONS[split], draw),
    day: () => draw.pick(DAYS),
    time: () => `${two(draw.int(7, 21))}:${two(number(0, 59))}`,
    percent: () => number(2, 98),
    degrees: () => number(12, 29),
    minutes: () => number(2, 240),
  };
}

/** Gives all values in random order, then again, so that each comes as often as the others. */
function inTurn(values: readonly string[], draw: Draw): () => string {
  let left: string[] = [];
  return () => {
    if (left.length === 0) left = draw.shuffle([...values]);
    return left.pop() as string;
  };
}

/** A number's split, by what is left when it is divided by 5. */
function splitOf(number: number): Split {
  if (number % 5 === 3) return 'test';
  return number % 5 === 1 ? 'valid' : 'train';
}
