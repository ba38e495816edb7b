import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { projectRoot } from '../../files/local';
import { textOf, type Work } from './work';

/**
 * Who computes: PyTorch with PEFT, this library, the same model in plain tfjs ops, or this library
 * without its fast kernels.
 */
export type RivalName = 'peft' | 'ours' | 'plain' | 'reference';

/** What a rival's process is asked, one JSON line each; jobs go by a name. */
export type Request =
  | { prepare: string; work: Work }
  | { check: string }
  | { count: string }
  | { run: string; repeats: number }
  | { release: true };

/** What it says. */
export interface Answer {
  numbers?: number[];
  count?: number;
  milliseconds?: number;
}

/** The first thing that it says. */
export interface Started {
  backend: string;
  device: string;
  /** of PyTorch: whether it finds a GPU */
  hasGpu?: boolean;
}

const LINES_OF_CAUSE = 12;

/** A process that has one way to compute, and does what it is asked, one thing at a time. */
export class Rival {
  private constructor(
    readonly name: RivalName,
    readonly started: Started,
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly nextLine: () => Promise<string>,
  ) {}

  /** This library or plain tfjs, in Node. @param env picks the accelerator */
  static ofNode(
    name: Exclude<RivalName, 'peft'>,
    folder: string,
    env: NodeJS.ProcessEnv,
  ): Promise<Rival> {
    const worker = path.join(__dirname, 'worker.js');
    const args = [worker, name === 'plain' ? 'plain' : 'ours', folder];
    const kernels = name === 'ours' ? {} : { LORA_KERNELS: 'reference' }; // tfjs as it is
    return Rival.start(name, process.execPath, args, { ...env, ...kernels });
  }

  static ofPython(python: string, folder: string, device: 'cpu' | 'cuda'): Promise<Rival> {
    const env = { ...OFFLINE, ...AT_ITS_BEST };
    return Rival.start('peft', python, [PEFT_SCRIPT, 'work', folder, device], env);
  }

  private static async start(
    name: RivalName,
    command: string,
    args: string[],
    env: NodeJS.ProcessEnv,
  ): Promise<Rival> {
    const child = spawn(command, args, { env: { ...process.env, ...env } });
    const nextLine = lines(child, `${name} (${JSON.stringify(env)})`);
    return new Rival(name, JSON.parse(await nextLine()) as Started, child, nextLine);
  }

  async ask(request: Request): Promise<Answer> {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    return JSON.parse(await this.nextLine()) as Answer;
  }

  /** Makes a job ready. */
  async prepare(job: string, work: Work): Promise<void> {
    await this.ask({ prepare: job, work: { ...work, ...tokensOf(work) } });
  }

  async milliseconds(job: string, repeats: number): Promise<number> {
    return (await this.ask({ run: job, repeats })).milliseconds ?? NaN;
  }

  /** The most resident memory so far, in megabytes of 10^6 bytes; null where there is no /proc. */
  peakMegabytes(): number | null {
    const file = `/proc/${this.child.pid}/status`;
    if (!existsSync(file)) return null;
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1];
    return Math.round((Number(kilobytes) * 1024) / 1e6);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.child.once('close', resolve));
    this.child.stdin.end();
    await closed;
  }
}

const PEFT_SCRIPT = path.join(projectRoot, 'src', 'cli', 'bench', 'peft_worker.py');
/**
 * How long PyTorch's threads spin for each other: as fast as its default where nothing else computes,
 * and not twenty times slower where something does.
 */
const AT_ITS_BEST = { GOMP_SPINCOUNT: '10000' };
/** Nothing is to be looked up. */
const OFFLINE = { HF_HUB_OFFLINE: '1', HF_HUB_DISABLE_PROGRESS_BARS: '1' };

/** Writes a random GPT-2 of this config.json, and the adapters beside it. */
export async function makeModel(python: string, folder: string, config: object): Promise<void> {
  const make = [PEFT_SCRIPT, 'make', folder, JSON.stringify(config)];
  await promisify(execFile)(python, make, { env: { ...process.env, ...OFFLINE } });
}

/** So that no rival draws its own. */
function tokensOf(work: Work): object {
  if (work.kind === 'generate') return textOf({ batch: 1, time: work.prompt, labelled: 1 });
  return 'time' in work ? textOf({ labelled: 1, ...work }) : {};
}

/** The lines that a process prints. What it says of errors is shown only when it ends too early. */
function lines(child: ChildProcessWithoutNullStreams, who: string): () => Promise<string> {
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = new Promise<never>((_, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const cause = errors.trim().split('\n').slice(-LINES_OF_CAUSE).join('\n');
      reject(new Error(`bench: ${who} ended with exit code ${code}.\n${cause}`));
    });
  });
  ended.catch(() => undefined); // it ends without anybody waiting, too
  const iterator = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const line = await iterator.next();
    return line.done ? ended : line.value;
  };
  return () => Promise.race([next(), ended]);
}
