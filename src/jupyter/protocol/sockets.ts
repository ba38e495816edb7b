import { Publisher, Reply, Router } from 'zeromq';
import type { Signing } from './message';

/** What Jupyter writes into the connection file. */
export interface Connection extends Signing {
  transport: string;
  ip: string;
  shell_port: number;
  control_port: number;
  iopub_port: number;
  stdin_port: number;
  hb_port: number;
}

/** The sockets of a kernel; stdin and the heartbeat need no further care. */
export interface Sockets {
  shell: Router;
  control: Router;
  iopub: Publisher;
}

/**
 * With a send timeout zeromq hands every 512th send to a background thread and refuses all
 * others until that one is done: messages get lost. With 0 each send is done when it returns.
 * Its queue of 1,000 messages per subscriber silently drops the rest; 0 is no limit.
 */
const LOSSLESS = { sendTimeout: 0, sendHighWaterMark: 0, linger: 1000 };

/** Binds the five sockets that the connection file names. */
export async function bindSockets(connection: Connection): Promise<Sockets> {
  const { transport, ip } = connection;
  const shell = new Router(LOSSLESS);
  const control = new Router(LOSSLESS);
  const iopub = new Publisher(LOSSLESS);
  const heartbeat = new Reply();
  const bindings: [Router | Publisher | Reply, number][] = [
    [shell, connection.shell_port],
    [control, connection.control_port],
    [iopub, connection.iopub_port],
    [new Router(), connection.stdin_port],
    [heartbeat, connection.hb_port],
  ];
  await Promise.all(bindings.map(([socket, port]) => socket.bind(`${transport}://${ip}:${port}`)));
  void echo(heartbeat);
  return { shell, control, iopub };
}

async function echo(heartbeat: Reply): Promise<void> {
  for await (const frames of heartbeat) await heartbeat.send(frames);
}
