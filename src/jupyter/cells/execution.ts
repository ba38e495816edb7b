import {
  type Cell,
  complain,
  type ExecuteRequest,
  inCell,
  type KernelServer,
  type OutputPublisher,
  type Questions,
  type Request,
  textOf,
} from '../protocol';
import { type ErrorReport, INTERRUPTED } from '../source';
import type { CellRunner } from './cell-runner';
import { History } from './history';
import { nextTurn } from './turns';

/** What a cell ended with: an error, or the values of its request's expressions. */
interface Outcome {
  error?: ErrorReport;
  user_expressions?: Record<string, object>;
}

/**
 * Runs cells one at a time, in the order of their requests. Each gets its reply and is idle in the
 * end, whatever fails: a front end waits for both.
 */
export class ExecutionQueue {
  /** the counted cells */
  readonly history = new History();
  private pending: ExecuteRequest[] = [];
  private draining = false;
  private count = 0;
  private running: ExecuteRequest | undefined;
  private cell: Cell | undefined;

  constructor(
    private readonly runner: CellRunner,
    private readonly server: KernelServer,
    private readonly publisher: OutputPublisher,
    private readonly questions: Questions,
  ) {}

  /** Queues one execute_request. */
  add(next: ExecuteRequest): void {
    this.pending.push(next);
    if (!this.draining) void this.drain();
  }

  /** Stops the running cell and everything it has started. */
  interrupt(): void {
    if (this.cell === undefined) return;
    this.cell.interrupted = true;
    this.runner.executor.interrupt();
    this.leaveUser(this.cell);
  }

  /** Replies to all requests before the process ends, such as by `process.exit(code)` in a cell. */
  leave(code: number): void {
    if (this.running !== undefined) {
      const evalue = `the cell ended the kernel with code ${code}`;
      const report = { ename: 'Exit', evalue, traceback: [`Exit: ${evalue}`] };
      this.finish(this.running, code === 0 ? { user_expressions: {} } : { error: report });
    }
    this.pending.splice(0).forEach((pending) => this.abort(pending));
  }

  private async drain(): Promise<void> {
    this.draining = true;
    for (let head = this.pending.shift(); head; head = this.pending.shift()) {
      await this.execute(head);
    }
    this.draining = false;
  }

  private async execute(next: ExecuteRequest): Promise<void> {
    const { request } = next;
    const { code, store_history, silent } = request.content;
    const counted = store_history !== false && silent !== true;
    if (counted) this.history.add(++this.count, textOf(code));
    const execution_count = this.count;
    const name = counted ? `In[${execution_count}]` : 'In[-]';
    this.publish('status', { execution_state: 'busy' }, request);
    if (silent !== true) this.publish('execute_input', { code, execution_count }, request);
    this.running = next;
    this.finish(next, await this.runCell(name, request));
    this.running = undefined;
  }

  /** Sends what a cell ended with, and aborts the cells behind an error. */
  private finish({ socket, request }: ExecuteRequest, { error, user_expressions }: Outcome): void {
    const { silent, stop_on_error } = request.content;
    const execution_count = this.count;
    let aborted: ExecuteRequest[] = [];
    if (error === undefined) {
      const content = { status: 'ok', execution_count, payload: [], user_expressions };
      this.reply({ socket, request }, content);
    } else {
      this.publish('error', error, request);
      if (stop_on_error !== false && silent !== true) aborted = this.pending.splice(0);
      this.reply({ socket, request }, { status: 'error', execution_count, ...error });
    }
    this.publish('status', { execution_state: 'idle' }, request);
    aborted.forEach((pending) => this.abort(pending));
  }

  private async runCell(name: string, { route, header, content }: Request): Promise<Outcome> {
    const { code, silent, user_expressions, allow_stdin } = content;
    const user = allow_stdin === true ? route : undefined;
    const cell: Cell = { request: header, interrupted: false, user };
    this.cell = cell;
    const run = async (): Promise<Outcome> => {
      const error = await this.runner.run(textOf(code), name, { silent: silent === true });
      if (error) return { error };
      await this.answers();
      if (cell.interrupted) return {};
      return { user_expressions: await this.evaluate(user_expressions) };
    };
    const outcome = await inCell(cell, run).catch((failure: unknown): Outcome => ({
      error: failureReport(failure),
    }));
    this.leaveUser(cell);
    // An interrupt or further cells that arrived during synchronous work are only seen now.
    await this.arrivals();
    this.cell = undefined;
    if (outcome.error === INTERRUPTED) cell.interrupted = true;
    return cell.interrupted ? { error: INTERRUPTED } : outcome;
  }

  /** Evaluates the expressions of a request, by name: a front end shows them elsewhere. */
  private async evaluate(expressions: unknown): Promise<Record<string, object>> {
    const results: Record<string, object> = {};
    for (const [name, expression] of Object.entries(expressions ?? {})) {
      const result = await this.runner.evaluate(textOf(expression));
      results[name] =
        typeof result === 'string'
          ? { status: 'ok', data: { 'text/plain': result }, metadata: {} }
          : { status: 'error', ...result };
    }
    return results;
  }

  /** Waits for the answers that callbacks of the cell wait for. */
  private async answers(): Promise<void> {
    do {
      await this.questions.pending;
      // A stream asks in the next turn.
      await this.arrivals();
    } while (this.questions.pending);
  }

  /** Lets a cell that has ended ask nothing more. */
  private leaveUser(cell: Cell): void {
    cell.user = undefined;
    this.questions.drop();
  }

  /** Waits until a round of the event loop brings no further request. */
  private async arrivals(): Promise<void> {
    let before: number;
    do {
      before = this.pending.length;
      await nextTurn();
      await nextTurn();
    } while (this.pending.length > before);
  }

  /** Replies to a cell that was queued behind a failed one. */
  private abort({ socket, request }: ExecuteRequest): void {
    this.publish('status', { execution_state: 'busy' }, request);
    this.reply({ socket, request }, { status: 'aborted', execution_count: this.count });
    this.publish('status', { execution_state: 'idle' }, request);
  }

  /** Replies with the content; if it cannot be sent, such as text beyond the limit of a string, says so. */
  private reply({ socket, request }: ExecuteRequest, content: object): void {
    try {
      this.server.reply(socket, request, content);
    } catch (failure) {
      const execution_count = this.count;
      const report = failureReport(failure);
      this.server.reply(socket, request, { status: 'error', execution_count, ...report });
    }
  }

  private publish(type: string, content: object, { header }: Request): void {
    try {
      this.publisher.publish(type, content, header);
    } catch (failure) {
      complain(failure);
    }
  }
}

/** Reports that the kernel could not run a cell, or not send what it ended with. */
function failureReport(failure: unknown): ErrorReport {
  const evalue = `the kernel cannot run this cell or send its result: ${textOf(failure)}`;
  return { ename: 'KernelError', evalue, traceback: [`KernelError: ${evalue}`] };
}
