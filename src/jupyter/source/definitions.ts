import { KernelError } from '../display';
import type { ErrorReport } from './errors';

/** A name that a cell declares, and the text that declares it. */
export interface Declaration {
  name: string;
  source: string;
  /** the cell's line where the source begins, from 1 */
  line: number;
}

/** What stands behind a name of the notebook. */
export interface Definition {
  /** its value now; undefined where no cell has defined it */
  value?: unknown;
  /** the cell (`In[3]`) and the text that defined it, and the line of the cell where that begins */
  origin?: { cell: string; source: string; line: number };
  /** a later cell that was to define it anew, but did not compile or threw before it came to it */
  failed?: { cell: string; message: string };
}

type Known = Omit<Definition, 'value'>;

/** Follows which cell has defined which name. */
export class DefinitionLog {
  private readonly known = new Map<string, Known>();

  /** @param values what the names stand for at this moment */
  constructor(private readonly values: Record<string, unknown>) {}

  /** A cell is about to run; what is given back is to be told the error it ended with, if any. */
  begin(cell: string, declared: Declaration[]): (error: ErrorReport | undefined) => void {
    const before = declared.map(({ name }) => ({
      name,
      known: this.known.get(name),
      value: this.values[name],
    }));
    // Already now: the cell itself may ask, below its definition.
    for (const { name, source, line } of declared) {
      this.known.set(name, { origin: { cell, source, line } });
    }
    return (error) => {
      if (error === undefined) return;
      for (const { name, known, value } of before) {
        if (this.values[name] !== value) continue;
        this.known.set(name, { ...known, failed: { cell, message: error.evalue } });
      }
    };
  }

  of(name: string): Definition {
    return { value: this.values[name], ...this.known.get(name) };
  }
}

/** What the running kernel knows of the cells. */
interface Cells {
  definitions: DefinitionLog;
  describe(thrown: unknown): ErrorReport;
}

let cells: Cells | undefined;

/** Called once by the launcher. */
export function connectCells(connected: Cells): void {
  cells = connected;
}

/**
 * Looks a name of the notebook up: its value, the text that defined it, and whether a later
 * attempt to define it failed.
 * @throws KernelError outside the kernel
 */
export function definitionOf(name: string): Definition {
  return connected('definitionOf').definitions.of(name);
}

/**
 * The lines the kernel would show for a thrown value: the message, and frames such as
 * `at f (In[3]:2:5)` in lines of the cells.
 * @throws KernelError outside the kernel
 */
export function describeError(thrown: unknown): string[] {
  return connected('describeError').describe(thrown).traceback;
}

function connected(caller: string): Cells {
  if (cells) return cells;
  throw new KernelError(
    `${caller}: the caller must be a cell of the TypeScript kernel, got a plain Node process.`,
  );
}
