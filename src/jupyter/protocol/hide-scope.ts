import type { AsyncLocalStorage } from 'node:async_hooks';
import { inspect } from 'node:util';

interface Internals {
  /** name under which Node 20 and 22 keep the store on each promise, timer and handle */
  kResourceStore?: symbol;
  enabled: boolean;
  _propagate(resource: object, trigger: Record<symbol, unknown>): void;
}

/** Keeps a storage's values out of sight where a cell prints a promise, a timer or a handle. */
export function hideStore(storage: AsyncLocalStorage<unknown>): void {
  const internals = storage as unknown as Internals;
  const key = internals.kResourceStore;
  // Newer versions of Node keep their own on immediates alone: see below.
  if (key === undefined) return;
  internals._propagate = (resource, trigger): void => {
    if (internals.enabled) hide(resource, key, trigger[key]);
  };
}

const NODES_OWN = new Set([
  'async_id_symbol',
  'trigger_async_id_symbol',
  'kResourceStore',
  'kAsyncContextFrame',
]);

/**
 * Prints promises without the numbers that Node gives them as soon as a storage is in use, and
 * immediates without the storages that newer versions of Node keep on them.
 */
export function hideNodesOwn(): void {
  const immediate = setImmediate(() => undefined);
  clearImmediate(immediate);
  for (const shown of [Promise.prototype, Object.getPrototypeOf(immediate) as object]) {
    hide(shown, inspect.custom, function (this: Record<symbol, unknown>) {
      for (const key of Object.getOwnPropertySymbols(this)) {
        if (NODES_OWN.has(key.description ?? '')) hide(this, key, this[key]);
      }
      // Returning `this` prints it as usual.
      return this;
    });
  }
}

/** Sets a property that is not listed. A cell may have put `get` on all objects: no prototype. */
function hide(object: object, key: symbol, value: unknown): void {
  const how = { writable: true, configurable: true, enumerable: false };
  Reflect.defineProperty(object, key, { __proto__: null, value, ...how } as PropertyDescriptor);
}
