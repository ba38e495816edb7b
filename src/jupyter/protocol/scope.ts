import { AsyncLocalStorage } from 'node:async_hooks';
import type { Header } from './message';

/** One run of one cell. */
export interface Cell {
  /** The request that started it: its outputs carry this header, however late they come. */
  readonly request: Header;
  /** Set by an interrupt: from then on nothing it left behind may run or print. */
  interrupted: boolean;
}

const scopes = new AsyncLocalStorage<Cell>();
let latest: Cell | undefined;

/** Runs `work` as part of a cell, and so all that it starts: timers, promises, callbacks. */
export function inCell<T>(cell: Cell, work: () => T): T {
  latest = cell;
  return scopes.run(cell, work);
}

/** Runs the kernel's own work, which an interrupt of the cell must not stop. */
export function outsideCells<T>(work: () => T): T {
  return scopes.exit(work);
}

/** The cell whose code, or whose late work, is running now. */
export function runningCell(): Cell | undefined {
  return scopes.getStore();
}

/** The cell that an output belongs to; where nobody can tell, the one that ran last. */
export function outputCell(): Cell | undefined {
  return scopes.getStore() ?? latest;
}
