import type { Router } from 'zeromq';
import { type Cell, inCell, type Request } from '../protocol';
import { type ErrorReport, INTERRUPTED } from '../source';

/** What an execution needs of the kernel around it. */
export interface ExecutionHost {
  run(code: string, name: string): Promise<ErrorReport | undefined>;
  publish(type: string, content: object, request: Request): void;
  reply(socket: Router, request: Request, content: object): void;
  /** Stops what waits inside the running cell. */
  interruptWaiting(): void;
}

interface Pending {
  socket: Router;
  request: Request;
}

/** Runs the cells one after the other, in the order of their requests. */
export class ExecutionQueue {
  private pending: Pending[] = [];
  private draining = false;
  private count = 0;
  private cell: Cell | undefined;

  constructor(private readonly host: ExecutionHost) {}

  /** Queues one execute_request. */
  async add(next: Pending): Promise<void> {
    this.pending.push(next);
    if (this.draining) return;
    this.draining = true;
    for (let head = this.pending.shift(); head; head = this.pending.shift()) {
      await this.execute(head);
    }
    this.draining = false;
  }

  /** Stops the running cell and all that it has started. */
  interrupt(): void {
    if (this.cell === undefined) return;
    this.cell.interrupted = true;
    this.host.interruptWaiting();
  }

  private async execute({ socket, request }: Pending): Promise<void> {
    const { code, store_history, silent, stop_on_error } = request.content;
    const counted = store_history !== false && silent !== true;
    if (counted) this.count += 1;
    const execution_count = this.count;
    const name = counted ? `In[${execution_count}]` : 'In[-]';
    this.host.publish('status', { execution_state: 'busy' }, request);
    this.host.publish('execute_input', { code, execution_count }, request);
    const error = await this.runCell(String(code), name, request);
    let aborted: Pending[] = [];
    if (error === undefined) {
      const content = { status: 'ok', execution_count, payload: [], user_expressions: {} };
      this.host.reply(socket, request, content);
    } else {
      this.host.publish('error', error, request);
      if (stop_on_error !== false) aborted = this.pending.splice(0);
      this.host.reply(socket, request, { status: 'error', execution_count, ...error });
    }
    this.host.publish('status', { execution_state: 'idle' }, request);
    aborted.forEach((pending) => this.abort(pending));
  }

  private async runCell(
    code: string,
    name: string,
    { header }: Request,
  ): Promise<ErrorReport | undefined> {
    const cell: Cell = { request: header, interrupted: false };
    this.cell = cell;
    const error = await inCell(cell, () => this.host.run(code, name));
    // What has arrived meanwhile, an interrupt or further cells, is only seen now.
    await this.arrivals();
    this.cell = undefined;
    if (error === INTERRUPTED) cell.interrupted = true;
    return cell.interrupted ? INTERRUPTED : error;
  }

  /** Lets the event loop go round until it brings no further request. */
  private async arrivals(): Promise<void> {
    let before: number;
    do {
      before = this.pending.length;
      await turn();
      await turn();
    } while (this.pending.length > before);
  }

  /** Answers a cell that was queued behind one that failed. */
  private abort({ socket, request }: Pending): void {
    this.host.publish('status', { execution_state: 'busy' }, request);
    this.host.reply(socket, request, { status: 'aborted', execution_count: this.count });
    this.host.publish('status', { execution_state: 'idle' }, request);
  }
}

/** Two of them span a whole round of the event loop, signals and sockets included. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
