import { ArgumentError, assertPositiveIntegers, quote } from '../../tensor/errors';
import { Draw } from '../../tensor/runtime';
import type { ChatRow } from '../../train';
import {
  DAYS,
  FUNCTIONS,
  type HomeFunction,
  PERSONS,
  ROOMS,
  type Slot,
  type Split,
} from './wordings';

/** What the assistant is told before each request. */
export const HOME_RULE = 'Answer with one JSON call.';

/** Which rows are drawn, and how many. */
export interface HomeOptions {
  /** wordings, places, names and numbers of one never occur in the other */
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
  if (split !== 'train' && split !== 'test') {
    throw new ArgumentError(`homeRows: split must be train or test, got ${quote(split)}.`);
  }
  assertPositiveIntegers('homeRows', { count });
  const draw = new Draw(seed, `home ${split}`);
  const rows = new Map<string, ChatRow>();
  for (let tries = 0; rows.size < count; tries++) {
    if (tries === TRIES * count) {
      throw new ArgumentError(
        `homeRows: count must be at most the different requests, about ${rows.size}, got ${count}.`,
      );
    }
    // In turn, so that each function has as many rows.
    const { request, call } = drawRequest(FUNCTIONS[rows.size % FUNCTIONS.length], split, draw);
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
): { request: string; call: HomeCall } {
  const values = slots.map((slot) => [slot, valueOf(slot, split, draw)] as const);
  let request = draw.pick(wordings[split]);
  for (const [slot, value] of values) request = request.replace(`{${slot}}`, `${value}`);
  return { request, call: { name, ...Object.fromEntries(values), ...fixed } };
}

/** Numbers of test rows are those that a fifth divides with the rest 3; a train row has the others. */
function valueOf(slot: Slot, split: Split, draw: Draw): string | number {
  if (slot === 'room') return draw.pick(ROOMS[split]);
  if (slot === 'person') return draw.pick(PERSONS[split]);
  if (slot === 'day') return draw.pick(DAYS);
  const number = (low: number, high: number): number => {
    const drawn = draw.int(low, high);
    return (drawn % 5 === 3) === (split === 'test') ? drawn : number(low, high);
  };
  if (slot === 'time') {
    const two = (value: number) => `${value}`.padStart(2, '0');
    return `${two(draw.int(7, 21))}:${two(number(0, 59))}`;
  }
  const [low, high] = { percent: [2, 98], degrees: [12, 29], minutes: [2, 240] }[slot] as [
    number,
    number,
  ];
  return number(low, high);
}
