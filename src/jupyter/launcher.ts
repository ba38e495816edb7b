import fs from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../files/local';
import { CellRunner, createHandlers, ExecutionQueue, gateTimers, turnQueues } from './cells';
import { countGroups } from './display';
import {
  bindSockets,
  type Connection,
  hideNodesOwn,
  KernelServer,
  OutputPublisher,
  look,
  Questions,
  type RequestHandler,
  textOf,
} from './protocol';
import { connectCells } from './source';
import {
  connectReadline,
  connectStdin,
  redirectChildren,
  redirectFiles,
  redirectOutput,
} from './stdio';

/** Cells are compiled as files of this folder, next to dist/src: `../src/lora` is a built wing. */
const CELLS = path.join(projectRoot, 'dist', 'notebooks');
/** Packages and Node fill a stack with frames that are cut; the cell's own are further down. */
const STACK_FRAMES = 50;
/** The kernel's own: a cell may replace the global ones. */
const { setImmediate } = globalThis;
const exit = process.exit.bind(process);

/**
 * Starts the kernel: `node launcher.js <connection_file>`. The path of a cell:
 *
 * 1. `KernelServer` (protocol) reads an execute_request and hands it to the queue.
 * 2. `ExecutionQueue` (cells) runs one request at a time, each in a scope of its own (`inCell`),
 *    and sends the reply.
 * 3. `CellRunner` (cells) executes the code. tslab's executor has it compiled by `CellConverter`.
 * 4. Output goes through `redirectOutput`, which asks the scope for the cell it belongs to, to
 *    `OutputPublisher`, and from there to Jupyter. What the cell reads are `Questions` to the user.
 */
async function main(connectionFile: string): Promise<void> {
  const connection = JSON.parse(fs.readFileSync(connectionFile, 'utf8')) as Connection;
  const server = new KernelServer(await bindSockets(connection), connection);
  const publisher = new OutputPublisher(server);
  const runner = new CellRunner(CELLS);
  const questions = new Questions(server);
  const queue = new ExecutionQueue(runner, server, publisher, questions);
  Error.stackTraceLimit = STACK_FRAMES;
  process.on('SIGINT', () => queue.interrupt());
  gateTimers();
  turnQueues();
  hideNodesOwn();
  countGroups();
  redirectOutput(publisher);
  redirectFiles();
  redirectChildren();
  connectStdin(questions);
  connectReadline(questions);
  connectCells(runner);
  reportUncaughtErrors(runner);
  endWithJupyter();
  process.on('exit', (code) => {
    queue.leave(code);
    server.close();
  });
  const own = createHandlers(runner.executor, queue.history);
  const handlers = { ...own, ...controlHandlers(queue) };
  server.serve({ handlers, queue, questions, publisher });
}

/** Handlers of the requests that stop a cell or the kernel. */
function controlHandlers(queue: ExecutionQueue): Record<string, RequestHandler> {
  return {
    interrupt_request: () => {
      queue.interrupt();
      return { status: 'ok' };
    },
    shutdown_request: ({ restart }) => {
      // Open native handles, such as a GPU device, would keep the process alive.
      setImmediate(() => exit(0));
      return { status: 'ok', restart };
    },
  };
}

/** Shows errors that no code caught below the cell that caused them. The kernel keeps running. */
function reportUncaughtErrors(runner: CellRunner): void {
  const write = process.stderr.write.bind(process.stderr);
  // An error thrown while an uncaught one is handled would end the process.
  const print = (text: () => string): void => {
    look(() => write(`${text()}\n`), false);
  };
  const report = (title: string) => (thrown: unknown) =>
    print(() => `${title}\n${runner.describe(thrown).traceback.join('\n')}`);
  process.on('uncaughtException', report('Uncaught exception:'));
  process.on('unhandledRejection', report('Unhandled rejection (is an `await` missing?):'));
  // Node prints warnings on the terminal. A learner needs to see them, but not deprecations.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    const name = textOf(look(() => warning.name, 'Warning'));
    if (name === 'DeprecationWarning' || name === 'ExperimentalWarning') return;
    print(() => `${name}: ${textOf(warning.message)}`);
  });
}

/** Ends the kernel when Jupyter was killed, so that it does not keep GPU memory. */
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
