import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { runningCell } from '../protocol';

type Callback = (...args: unknown[]) => unknown;
type Timer = (callback: Callback, ...rest: unknown[]) => unknown;
type Delay = (...args: unknown[]) => Promise<unknown>;

/**
 * Makes every timer a cell starts ask, when it is due, whether that cell has been interrupted,
 * and do nothing if so. A loop that yields (`await tf.nextFrame()`, `setImmediate`, a pause)
 * then never resumes: there is no other way to stop an async function from outside.
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

function gate(start: Timer): Timer {
  const gated: Timer = (callback, ...rest) => {
    const cell = runningCell();
    if (cell === undefined || typeof callback !== 'function') return start(callback, ...rest);
    const guarded = function (this: unknown, ...args: unknown[]): unknown {
      const runs = !cell.interrupted || isAddonFunction(callback);
      return runs ? callback.apply(this, args) : undefined;
    };
    return start(guarded, ...rest);
  };
  // util.promisify finds what it needs on the function itself.
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
 * A native addon's own callback: native code that, unlike a promise's `resolve` or a bound
 * function, has a prototype. WebGPU drives its device with such timers, started in whatever cell
 * happens to be running; without the next one the device would never answer again.
 */
function isAddonFunction(callback: Callback): boolean {
  return (
    Object.hasOwn(callback, 'prototype') &&
    Function.prototype.toString.call(callback).endsWith('{ [native code] }')
  );
}
