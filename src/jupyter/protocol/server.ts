import fs from 'node:fs';
import type { Router } from 'zeromq';
import { look, textOf } from './foreign';
import { formatMessage, type Header, parseRequest, type Request, type Signing } from './message';
import type { OutputPublisher } from './publisher';
import type { Asked, Questions } from './questions';
import type { Sockets } from './sockets';

/** The kernel's own: what cells write to the terminal goes below the cell. */
const { writeSync } = fs;

/** Answers one type of request: takes its content, returns the content of the reply. */
export type RequestHandler = (content: Record<string, unknown>) => object;

/** An execute_request, and the socket its reply goes to. */
export interface ExecuteRequest {
  socket: Router;
  request: Request;
}

/** Receivers of the requests that the server reads. */
export interface Receivers {
  /** answer at once, by message type */
  handlers: Record<string, RequestHandler>;
  /** takes the cells to run */
  queue: { add(next: ExecuteRequest): void };
  /** takes the answers of the user */
  questions: Questions;
  /** announces that the kernel is busy or idle */
  publisher: OutputPublisher;
}

/** Speaks the Jupyter protocol: reads requests, sends replies and IOPub messages. */
export class KernelServer {
  constructor(
    private readonly sockets: Sockets,
    private readonly signing: Signing,
  ) {}

  /** Serves the shell, the control and the stdin channel. */
  serve(receivers: Receivers): void {
    void this.listen(this.sockets.shell, receivers);
    void this.listen(this.sockets.control, receivers);
    void this.listen(this.sockets.stdin, receivers);
  }

  /** Sends on IOPub; its topic is the message type. */
  send(type: string, content: object, parent: Header): void {
    const frames = formatMessage({ route: [type], type, content, parent }, this.signing);
    this.sockets.iopub.send(frames).catch(complain);
  }

  /** Sends the reply to a request, on the socket the request came from. */
  reply(socket: Router, { route, header }: Request, content: object): void {
    const type = header.msg_type.replace('_request', '_reply');
    const frames = formatMessage({ route, type, content, parent: header }, this.signing);
    socket.send(frames).catch(complain);
  }

  /** Asks the user for a line of text. */
  ask({ id, prompt, user, cell }: Asked): void {
    const content = { prompt, password: false };
    const message = { id, route: user, type: 'input_request', content, parent: cell.request };
    this.sockets.stdin.send(formatMessage(message, this.signing)).catch(complain);
  }

  /** Closes the sockets after all queued messages are sent. */
  close(): void {
    for (const socket of Object.values(this.sockets) as { close(): void }[]) socket.close();
  }

  private async listen(socket: Router, receivers: Receivers): Promise<void> {
    for await (const frames of socket) {
      try {
        this.dispatch(socket, parseRequest(frames, this.signing), receivers);
      } catch (error) {
        complain(error);
      }
    }
  }

  private dispatch(socket: Router, request: Request, receivers: Receivers): void {
    const { handlers, queue, questions, publisher } = receivers;
    const { header, content } = request;
    if (header.msg_type === 'execute_request') {
      queue.add({ socket, request });
      return;
    }
    if (header.msg_type === 'input_reply') {
      questions.answer(request);
      return;
    }
    const handler = handlers[header.msg_type];
    // The protocol asks kernels to ignore unknown messages, such as widgets' comms.
    if (handler === undefined) return;
    publisher.publish('status', { execution_state: 'busy' }, header);
    try {
      this.reply(socket, request, attempt(handler, content));
    } finally {
      publisher.publish('status', { execution_state: 'idle' }, header);
    }
  }
}

/** Returns the content of a handler's reply, or of an error reply if it throws. */
function attempt(handler: RequestHandler, content: Record<string, unknown>): object {
  try {
    return handler(content);
  } catch (error) {
    const ename = textOf(look(() => (error as Error).name, 'Error'));
    const evalue = textOf(look(() => (error as Error).message, error));
    return { status: 'error', ename, evalue, traceback: [textOf(error)] };
  }
}

/** Reports a failure of the kernel itself on the terminal that started Jupyter. */
export function complain(error: unknown): void {
  look(() => writeSync(process.stderr.fd, `TypeScript kernel: ${textOf(error)}\n`), 0);
}
