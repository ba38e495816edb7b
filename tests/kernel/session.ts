import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { kernelSpec } from '../../src/jupyter';

export const ROOT = path.join(__dirname, '..', '..', '..');
export const PYTHON = path.join(ROOT, '.venv', 'bin', 'python');

export interface Output {
  type: string;
  parent: string;
  content: Record<string, unknown> & {
    name?: string;
    text?: string;
    ename?: string;
    evalue?: string;
    traceback?: string[];
    data?: Record<string, unknown>;
    transient?: { display_id?: string };
  };
}

type Reply = Record<string, unknown> & { status: string };

/** Results of the cells of one call; each list is in the order of the cells. */
export interface Results {
  ids: string[];
  replies: (Reply | null)[];
  idle: boolean[];
  outputs: Output[][];
}

export interface RunOptions {
  /** seconds to wait for all results */
  timeout?: number;
  /** seconds between sending two cells */
  gap?: number;
  stop_on_error?: boolean;
  silent?: boolean;
  user_expressions?: Record<string, string>;
}

/** Creates a temporary folder with a kernelspec, for JUPYTER_PATH. */
export function jupyterPath(project: string, kernel = 'under-test'): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'jupyter-'));
  const spec = path.join(folder, 'kernels', kernel);
  fs.mkdirSync(spec, { recursive: true });
  const launcher = path.join(project, 'dist', 'src', 'jupyter', 'launcher.js');
  const content = kernelSpec({ node: process.execPath, launcher });
  fs.writeFileSync(path.join(spec, 'kernel.json'), JSON.stringify(content));
  return folder;
}

/** Rooms of dist/src that the kernel consists of and imports. */
const KERNEL_ROOMS = ['jupyter', 'tensor/errors', 'files/local'];

/** Copies the built kernel and the packages into a small project with no other wing. */
export function copyOfProject(): string {
  // TypeScript watches folders only some levels below the root.
  const parent = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'projects-')));
  const folder = path.join(parent, 'of-a-learner', 'course');
  for (const room of KERNEL_ROOMS) {
    const built = path.join('dist', 'src', room);
    fs.cpSync(path.join(ROOT, built), path.join(folder, built), { recursive: true });
  }
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}

/** Runs one of the Python scripts of this folder. */
export function python(script: string, args: string[], project = ROOT): ChildProcess {
  const file = path.join(ROOT, 'tests', 'kernel', script);
  return spawn(PYTHON, [file, ...args], {
    env: { ...process.env, JUPYTER_PATH: jupyterPath(project) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

function newFolder(): string {
  return fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'notebook-')));
}

/** Drives one real kernel through jupyter_client. */
export class KernelSession {
  private readonly lines: AsyncIterator<string>;

  private constructor(
    private readonly driver: ChildProcess,
    private readonly terminalFile: string,
    /** the notebook's folder */
    readonly folder: string,
  ) {
    if (driver.stdout === null) throw new Error('KernelSession: the driver must have a stdout.');
    this.lines = createInterface({ input: driver.stdout })[Symbol.asyncIterator]();
  }

  /** @param folder the notebook's folder; by default a new one */
  static async start(project = ROOT, folder = newFolder()): Promise<KernelSession> {
    const terminal = path.join(folder, 'terminal.log');
    const driver = python('client.py', ['under-test', terminal, folder], project);
    const session = new KernelSession(driver, terminal, folder);
    await session.answer();
    return session;
  }

  /** Sends all cells at once, and waits until each has its reply and is idle. */
  async run(codes: string[], options: RunOptions = {}): Promise<Results> {
    return (await this.call('execute', { codes, ...options })) as Results;
  }

  /** Runs one cell and returns its outputs, without status and input messages. */
  async cell(code: string): Promise<Output[]> {
    const { outputs } = await this.run([code]);
    return shown(outputs[0] ?? []);
  }

  /** Runs one cell and returns what it printed, or the traceback it ended with. */
  async text(code: string): Promise<string> {
    return textOf(await this.cell(code));
  }

  async request(type: string, content: object): Promise<{ type: string; content: Reply }> {
    return (await this.call('request', { type, content })) as { type: string; content: Reply };
  }

  /** Returns all outputs that arrive within some seconds. */
  async listen(seconds: number): Promise<Output[]> {
    return (await this.call('listen', { seconds })) as Output[];
  }

  /** Calls a method of the driver. */
  async call(command: string, options: object = {}): Promise<unknown> {
    this.driver.stdin?.write(`${JSON.stringify([command, options])}\n`);
    return this.answer();
  }

  async stop(): Promise<void> {
    await this.call('stop');
  }

  /** Returns what the kernel has written to the terminal that started it. */
  terminal(): string {
    return fs.readFileSync(this.terminalFile, 'utf8');
  }

  private async answer(): Promise<unknown> {
    const line = await this.lines.next();
    if (line.done) throw new Error(`KernelSession: the driver ended. Terminal: ${this.terminal()}`);
    return JSON.parse(line.value);
  }
}

export function shown(outputs: Output[]): Output[] {
  return outputs.filter(({ type }) => type !== 'status' && type !== 'execute_input');
}

export function textOf(outputs: Output[]): string {
  return outputs.map(({ content }) => content.text ?? content.traceback?.join('\n') ?? '').join('');
}
