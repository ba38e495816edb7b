import type { Publisher, Reply, Router } from 'zeromq';
import type { Signing } from './message';

/** Content of Jupyter's connection file. */
export interface Connection extends Signing {
  transport: string;
  ip: string;
  shell_port: number;
  control_port: number;
  iopub_port: number;
  stdin_port: number;
  hb_port: number;
}

/** Sockets that the kernel works with. It also binds the heartbeat, an echo. */
export interface Sockets {
  shell: Router;
  control: Router;
  stdin: Router;
  iopub: Publisher;
}

/**
 * Socket options that lose no message.
 * `sendTimeout: 0` finishes each send before it returns. With a timeout, zeromq hands every 512th
 * send to a background thread and refuses all others until that one is done.
 * `sendHighWaterMark: 0` removes the limit of 1,000 queued messages per subscriber, beyond which
 * zeromq drops messages silently.
 */
const LOSSLESS = { sendTimeout: 0, sendHighWaterMark: 0, linger: 1000 };

/** Binds the five sockets of a connection file. Nothing else loads zeromq. */
export async function bindSockets(connection: Connection): Promise<Sockets> {
  const { Publisher, Reply, Router } = await import('zeromq');
  const { transport, ip } = connection;
  const shell = new Router(LOSSLESS);
  const control = new Router(LOSSLESS);
  const stdin = new Router(LOSSLESS);
  const iopub = new Publisher(LOSSLESS);
  const heartbeat = new Reply();
  const bindings: [Router | Publisher | Reply, number][] = [
    [shell, connection.shell_port],
    [control, connection.control_port],
    [iopub, connection.iopub_port],
    [stdin, connection.stdin_port],
    [heartbeat, connection.hb_port],
  ];
  await Promise.all(bindings.map(([socket, port]) => socket.bind(`${transport}://${ip}:${port}`)));
  void echo(heartbeat);
  return { shell, control, stdin, iopub };
}

async function echo(heartbeat: Reply): Promise<void> {
  for await (const frames of heartbeat) await heartbeat.send(frames);
}
