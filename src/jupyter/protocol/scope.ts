import { AsyncLocalStorage } from 'node:async_hooks';
import { hideStore } from './hide-scope';
import type { Header } from './message';

/** One run of one cell. */
export interface Cell {
  /** Header of the request that started it; all its outputs carry it, late ones too. */
  readonly request: Header;
  /** Set by an interrupt; from then on its timers do not run and its output is dropped. */
  interrupted: boolean;
  /** Address of the user, who can answer its questions; undefined if nobody can, and after its end. */
  user?: Buffer[] | undefined;
}

const scopes = new AsyncLocalStorage<Cell>();
hideStore(scopes);
let latest: Cell | undefined;

/** Runs `work` in a cell's scope. Timers, promises and callbacks that it starts are in it too. */
export function inCell<T>(cell: Cell, work: () => T): T {
  latest = cell;
  return scopes.run(cell, work);
}

/** Runs work of the kernel itself, which an interrupt of the cell must not stop. */
export function outsideCells<T>(work: () => T): T {
  return scopes.exit(work);
}

/** Returns the cell whose code is running now, a late timer or callback included. */
export function runningCell(): Cell | undefined {
  return scopes.getStore();
}

/** Returns the cell that an output belongs to; outside any scope, the one that ran last. */
export function outputCell(): Cell | undefined {
  return scopes.getStore() ?? latest;
}
