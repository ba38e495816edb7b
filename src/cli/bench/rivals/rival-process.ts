import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { projectRoot } from '../../../files/local';
import { LoraError } from '../../../tensor/errors';
import type { Shape } from './shapes';
import { textOf, type Work } from './work';

/** PyTorch with PEFT, this library, the same model in tfjs ops, or this library's reference kernels. */
export type RivalName = 'peft' | 'ours' | 'tfjs' | 'reference';

/** A request to a rival's process, one JSON line; jobs have names. */
export type Request =
  | { prepare: string; work: Work }
  | { check: string }
  | { count: string }
  | { run: string; repeats: number }
  | { release: true };

/** The answer of a rival's process. */
export interface Answer {
  numbers?: number[];
  count?: number;
  milliseconds?: number;
}

/** The first line that a rival's process writes. */
export interface Started {
  backend: string;
  device: string;
  /** PyTorch only: whether it finds a GPU */
  hasGpu?: boolean;
}

const LINES_OF_CAUSE = 12;

/** A process of one rival, which answers requests one after the other. */
export class Rival {
  private constructor(
    readonly name: RivalName,
    readonly started: Started,
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly nextLine: () => Promise<string>,
  ) {}

  /** Starts this library, or tfjs ops, in Node. @param env chooses the accelerator */
  static ofNode(
    name: Exclude<RivalName, 'peft'>,
    folder: string,
    env: NodeJS.ProcessEnv,
  ): Promise<Rival> {
    const worker = path.join(__dirname, 'worker.js');
    const args = [worker, name === 'tfjs' ? 'tfjs' : 'ours', folder];
    const kernels = name === 'ours' ? {} : { LORA_KERNELS: 'reference' };
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

  /** Prepares a job. */
  async prepare(job: string, work: Work): Promise<void> {
    await this.ask({ prepare: job, work: { ...work, ...tokensOf(work) } });
  }

  async milliseconds(job: string, repeats: number): Promise<number> {
    return (await this.ask({ run: job, repeats })).milliseconds ?? NaN;
  }

  /** Reads the peak resident memory in megabytes (10^6 bytes); null without /proc. */
  peakMegabytes(): number | null {
    const file = `/proc/${this.child.pid}/status`;
    if (!existsSync(file)) return null;
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1];
    return Math.round((Number(kilobytes) * 1024) / 1e6);
  }

  /** Ends the process, if it has not ended by itself. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const closed = new Promise((resolve) => this.child.once('close', resolve));
    this.child.stdin.end();
    await closed;
  }
}

const PEFT_SCRIPT = path.join(projectRoot, 'src/cli/bench/rivals/peft_worker.py');
/**
 * How long PyTorch's threads spin while they wait: as fast as the default on an idle machine, and
 * not twenty times slower on a busy one.
 */
const AT_ITS_BEST = { GOMP_SPINCOUNT: '10000' };
/** Keeps Python from asking the hub. */
const OFFLINE = { HF_HUB_OFFLINE: '1', HF_HUB_DISABLE_PROGRESS_BARS: '1' };

/** Writes a model of this shape with random weights, and adapters for it. */
export async function makeModel(
  python: string,
  folder: string,
  { config, targets }: Shape,
): Promise<void> {
  const make = [PEFT_SCRIPT, 'make', folder, JSON.stringify({ config, targets })];
  await promisify(execFile)(python, make, { env: { ...process.env, ...OFFLINE } });
}

/** Token ids for a work, sent along so that all rivals use the same. */
function tokensOf(work: Work): object {
  if (work.kind === 'generate') return textOf({ batch: 1, time: work.prompt, labelled: 1 });
  return 'time' in work ? textOf({ labelled: 1, ...work }) : {};
}

/** Reads the lines that a process prints. Its errors are shown only if it ends too early. */
function lines(child: ChildProcessWithoutNullStreams, who: string): () => Promise<string> {
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = new Promise<never>((_, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const cause = errors.trim().split('\n').slice(-LINES_OF_CAUSE).join('\n');
      reject(new LoraError(`bench: ${who} ended with ${code ?? signal}.\n${cause}`));
    });
  });
  ended.catch(() => undefined); // a process may end while nobody waits
  const iterator = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const line = await iterator.next();
    return line.done ? ended : line.value;
  };
  return () => Promise.race([next(), ended]);
}
