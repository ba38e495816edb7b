import { randomUUID } from 'node:crypto';
import { LoraError } from '../../tensor/errors';
import { textOf } from './foreign';
import type { Request } from './message';
import { type Cell, runningCell } from './scope';

/** The kernel's own: a cell may replace the global one. */
const { Promise } = globalThis;

/** A cell reads what a user would type, and there is none. The name is Jupyter's. */
export class StdinNotImplementedError extends LoraError {
  override readonly name = 'StdinNotImplementedError';
}

/** A question on its way to the user. */
export interface Asked {
  /** id of its message, which the answer names */
  readonly id: string;
  readonly prompt: string;
  readonly user: Buffer[];
  readonly cell: Cell;
}

interface Question extends Asked {
  answer(line: string): void;
}

/** Asks the user for lines of text, one at a time. JupyterLab shows a box below the cell. */
export class Questions {
  private readonly open: Question[] = [];
  private changed: () => void = () => undefined;

  constructor(private readonly server: { ask(question: Asked): void }) {}

  /** Resolves when the next of the open questions is answered or dropped; undefined if there is none. */
  get pending(): Promise<void> | undefined {
    if (this.open.length === 0) return undefined;
    return new Promise((resolve) => (this.changed = resolve));
  }

  /**
   * Resolves to the line that the user of the running cell types. Never settles if the cell ends
   * or is interrupted before.
   * @throws StdinNotImplementedError if nobody can answer, AbortError (in the promise) by the signal
   */
  ask(prompt: string, signal?: AbortSignal): Promise<string> {
    const { cell, user } = askingCell();
    return new Promise((resolve, reject) => {
      const answer = (line: string): void => {
        signal?.removeEventListener('abort', abort);
        resolve(line);
      };
      const question = { id: randomUUID(), prompt, user, cell, answer };
      // What an interrupt has dropped stays so.
      const abort = (): void => {
        if (this.close(question)) reject(abortError(signal));
      };
      if (signal?.aborted) return reject(abortError(signal));
      signal?.addEventListener('abort', abort, { once: true });
      this.open.push(question);
      if (this.open[0] === question) this.server.ask(question);
    });
  }

  /** Takes the user's answer; one that comes too late is ignored. */
  answer({ parent, content }: Request): void {
    const [question] = this.open;
    if (question === undefined || (parent.msg_id ?? question.id) !== question.id) return;
    this.close(question);
    question.answer(textOf(content['value']));
  }

  /** Drops all questions: their cell has ended. */
  drop(): void {
    this.open.splice(0);
    this.changed();
  }

  /** Takes a question off the list; false if it is not there. */
  private close(question: Question): boolean {
    const place = this.open.indexOf(question);
    if (place < 0) return false;
    this.open.splice(place, 1);
    const [next] = this.open;
    if (place === 0 && next !== undefined) this.server.ask(next);
    this.changed();
    return true;
  }
}

/**
 * Returns the cell whose code is running, and its user.
 * @throws StdinNotImplementedError if nobody can answer
 */
export function askingCell(): { cell: Cell; user: Buffer[] } {
  const cell = runningCell();
  if (cell?.user !== undefined) return { cell, user: cell.user };
  throw new StdinNotImplementedError(
    'process.stdin: a user must be there to answer the cell that reads, got a front end that takes ' +
      'no input (allow_stdin is false), or a cell that has ended. Run the cell in JupyterLab and ' +
      'await the answer in it, or write the value into the code.',
  );
}

/** The error of Node's own readers. */
function abortError(signal: AbortSignal | undefined): Error {
  const error = new Error('The operation was aborted', { cause: signal?.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}
