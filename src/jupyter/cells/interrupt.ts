import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { runningCell } from '../protocol';

type Callback = (...args: unknown[]) => unknown;
type Timer = (callback: Callback, ...rest: unknown[]) => unknown;
type Delay = (...args: unknown[]) => Promise<unknown>;

/**
 * Makes the timers of an interrupted cell do nothing when they are due. A loop that yields
 * (`await tf.nextFrame()`, `setImmediate`, a pause) then never resumes: an async function cannot
 * be stopped from outside in any other way.
 */
export function gateTimers(): void {
  const global = globalThis as unknown as Record<string, Timer>;
  const module = timers as unknown as Record<string, Timer>;
  for (const name of ['setTimeout', 'setInterval', 'setImmediate'] as const) {
    const gated = gate(timers[name] as unknown as Timer);
    global[name] = gated;
    module[name] = gated;
  }
  const delays = timersPromises as unknown as Record<string, Delay>;
  for (const name of ['setTimeout', 'setImmediate'] as const) {
    delays[name] = gateDelay(timersPromises[name] as Delay);
  }
  syncBuiltinESMExports();
}

/** Returns a timer whose callbacks do nothing once the cell that started them is interrupted. */
export function gate(start: Timer): Timer {
  const gated: Timer = (callback, ...rest) => {
    const cell = runningCell();
    if (cell === undefined || typeof callback !== 'function') return start(callback, ...rest);
    const guarded = function (this: unknown, ...args: unknown[]): unknown {
      const runs = !cell.interrupted || isAddonFunction(callback);
      return runs ? callback.apply(this, args) : undefined;
    };
    return start(guarded, ...rest);
  };
  // util.promisify reads properties of the timer function.
  return Object.defineProperties(gated, Object.getOwnPropertyDescriptors(start));
}

function gateDelay(delay: Delay): Delay {
  return async (...args) => {
    const cell = runningCell();
    const value = await delay(...args);
    return cell?.interrupted ? new Promise<never>(() => undefined) : value;
  };
}

/**
 * Whether a callback belongs to a native addon: it is native code and has a prototype, unlike a
 * promise's `resolve` or a bound function. WebGPU drives its device with such timers, started in
 * whichever cell is running. If one did not run, the device would never answer again.
 */
function isAddonFunction(callback: Callback): boolean {
  return (
    Object.hasOwn(callback, 'prototype') &&
    Function.prototype.toString.call(callback).endsWith('{ [native code] }')
  );
}
