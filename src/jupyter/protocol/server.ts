import fs from 'node:fs';
import type { Router } from 'zeromq';
import { formatMessage, type Header, parseRequest, type Request, type Signing } from './message';
import type { RequestHandler } from './requests';
import type { Sockets } from './sockets';

/** What the server hands requests to. */
export interface ServerHost {
  handlers: Record<string, RequestHandler>;
  execute(socket: Router, request: Request): void;
  publish(type: string, content: object, parent: Header): void;
}

/** Speaks the Jupyter protocol: reads requests, sends replies and IOPub messages. */
export class KernelServer {
  constructor(
    private readonly sockets: Sockets,
    private readonly signing: Signing,
  ) {}

  /** Serves the shell and the control channel. */
  serve(host: ServerHost): void {
    void this.listen(this.sockets.shell, host);
    void this.listen(this.sockets.control, host);
  }

  /** Sends on IOPub; its topic is the message type. */
  send(type: string, content: object, parent: Header): void {
    const frames = formatMessage({ route: [type], type, content, parent }, this.signing);
    this.sockets.iopub.send(frames).catch(complain);
  }

  /** Answers a request on the socket it came by. */
  reply(socket: Router, { route, header }: Request, content: object): void {
    const type = header.msg_type.replace('_request', '_reply');
    const frames = formatMessage({ route, type, content, parent: header }, this.signing);
    socket.send(frames).catch(complain);
  }

  /** Closes the sockets; what is queued still goes out. */
  close(): void {
    for (const socket of Object.values(this.sockets) as { close(): void }[]) socket.close();
  }

  private async listen(socket: Router, host: ServerHost): Promise<void> {
    for await (const frames of socket) {
      try {
        this.dispatch(socket, parseRequest(frames, this.signing), host);
      } catch (error) {
        complain(error);
      }
    }
  }

  private dispatch(socket: Router, request: Request, host: ServerHost): void {
    const { header, content } = request;
    if (header.msg_type === 'execute_request') {
      host.execute(socket, request);
      return;
    }
    const handler = host.handlers[header.msg_type];
    // The protocol has kernels ignore what they do not know, such as widgets' comms.
    if (handler === undefined) return;
    host.publish('status', { execution_state: 'busy' }, header);
    this.reply(socket, request, attempt(handler, content));
    host.publish('status', { execution_state: 'idle' }, header);
  }
}

function attempt(handler: RequestHandler, content: Record<string, unknown>): object {
  try {
    return handler(content);
  } catch (error) {
    const { name, message, stack = '' } = error as Error;
    return { status: 'error', ename: name, evalue: message, traceback: [stack] };
  }
}

/** The terminal that started Jupyter is the only place left to tell. */
function complain(error: unknown): void {
  fs.writeSync(process.stderr.fd, `TypeScript kernel: ${String(error)}\n`);
}
