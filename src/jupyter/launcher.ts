import fs from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../files/local';
import {
  type CellRunner,
  createCellRunner,
  ExecutionQueue,
  gateTimers,
  redirectOutput,
} from './cells';
import {
  bindSockets,
  type Connection,
  createHandlers,
  KernelServer,
  OutputPublisher,
  type RequestHandler,
} from './protocol';
import { connectCells } from './source';

/** Cells are compiled as if they stood here, beside dist/src: `../src/lora` is a built room. */
const CELLS = path.join(projectRoot, 'dist', 'notebooks');
/** Frames of packages and of Node are cut from a stack: look deep enough for the cell's own. */
const STACK_FRAMES = 50;

/** Starts the kernel: `node launcher.js <connection_file>`. */
async function main(connectionFile: string): Promise<void> {
  const connection = JSON.parse(fs.readFileSync(connectionFile, 'utf8')) as Connection;
  const runner = createCellRunner(CELLS);
  const server = new KernelServer(await bindSockets(connection), connection);
  const publisher = new OutputPublisher((...message) => server.send(...message));
  const queue = new ExecutionQueue({
    run: (code, name) => runner.run(code, name),
    publish: (type, content, request) => publisher.publish(type, content, request.header),
    reply: (...message) => server.reply(...message),
    interruptWaiting: () => runner.executor.interrupt(),
  });
  process.on('SIGINT', () => queue.interrupt());
  Error.stackTraceLimit = STACK_FRAMES;
  gateTimers();
  redirectOutput(publisher);
  connectCells(runner);
  reportStrayErrors(runner);
  endWithJupyter();
  server.serve({
    handlers: { ...createHandlers(runner.executor), ...controlHandlers(server, queue) },
    execute: (socket, request) => void queue.add({ socket, request }),
    publish: (...message) => publisher.publish(...message),
  });
}

function controlHandlers(
  server: KernelServer,
  queue: ExecutionQueue,
): Record<string, RequestHandler> {
  return {
    interrupt_request: () => {
      queue.interrupt();
      return { status: 'ok' };
    },
    shutdown_request: ({ restart }) => {
      setImmediate(() => {
        server.close();
        // Open native handles, a GPU device for one, would keep the process alive.
        process.exit(0);
      });
      return { status: 'ok', restart };
    },
  };
}

/** What nobody caught is shown below the cell that caused it; the kernel lives on. */
function reportStrayErrors(runner: CellRunner): void {
  const report = (what: string) => (thrown: unknown) => {
    console.error(`${what}\n${runner.describe(thrown).traceback.join('\n')}`);
  };
  process.on('uncaughtException', report('Uncaught exception:'));
  process.on('unhandledRejection', report('Unhandled rejection (is an `await` missing?):'));
  // Node would print warnings on the terminal; deprecations are no news for a learner.
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    if (name === 'DeprecationWarning' || name === 'ExperimentalWarning') return;
    console.error(`${name}: ${message}`);
  });
}

/** A kernel whose Jupyter was killed must not stay behind with its GPU memory. */
function endWithJupyter(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, 1000).unref();
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  console.error(`TypeScript kernel: cannot start: ${String(error)}`);
  process.exit(1);
});
