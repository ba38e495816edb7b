import { types } from 'node:util';
import { runningCell } from '../protocol';
import { gate } from './interrupt';

/** The kernel's own: a cell may replace the global ones. */
const { Promise, Reflect, performance, setImmediate } = globalThis;

/** Does nothing any more once the cell is interrupted. */
const setImmediateOfCell = gate(setImmediate);

/** Milliseconds after which code that never waits lets the event loop turn. */
const MOST = 50;
/** Callbacks without a turn of the event loop that only a loop has. */
const MANY = 1_000;

/** When the event loop was first asked for since its last turn, and how many callbacks it had since. */
let begun: number | undefined;
let callbacks = 0;

/** Waits for the next `setImmediate`; two span a whole round of the event loop, sockets and signals included. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Returns a value that is about to be awaited. If the event loop has not turned for a while, it is
 * a promise of the value, after a turn: only then the kernel hears of an interrupt. An interrupted
 * cell waits for ever.
 */
export function turn(value: unknown): unknown {
  if (runningCell()?.interrupted) return new Promise(() => undefined);
  if (!isOverdue()) return value;
  const pause = new Promise((resolve) => setImmediateOfCell(resolve));
  return Promise.all([value, pause]).then(([awaited]) => awaited);
}

/** Does so for a promise. Other objects, and those of a subclass, may have methods of their own. */
export function turnPromise(value: unknown): unknown {
  const isPlain = types.isPromise(value) && Reflect.getPrototypeOf(value) === Promise.prototype;
  return isPlain ? turn(value) : value;
}

function isOverdue(): boolean {
  const now = performance.now();
  if (begun !== undefined) return now - begun > MOST;
  begun = now;
  setImmediate(() => {
    begun = undefined;
    callbacks = 0;
  });
  return false;
}

type Enqueue = (callback: (...args: unknown[]) => void, ...args: unknown[]) => void;

/** Lets the event loop turn between callbacks that call each other by `nextTick` or a microtask. */
export function turnQueues(): void {
  process.nextTick = turning(process.nextTick.bind(process));
  globalThis.queueMicrotask = turning(globalThis.queueMicrotask);
}

function turning(enqueue: Enqueue): Enqueue {
  return (callback, ...args) => {
    const isLoop = isOverdue() && ++callbacks > MANY;
    if (isLoop && typeof callback === 'function') setImmediateOfCell(callback, ...args);
    else enqueue(callback, ...args);
  };
}
