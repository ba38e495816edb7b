import { createInterface } from 'node:readline';
import * as tf from '@tensorflow/tfjs';
import { useAccelerator } from '../../../tensor/runtime';
import type { Job, MakeJob } from './job';
import { makeOurs } from './ours';
import type { Answer, Request } from './rival-process';
import { makeTfjs } from './tfjs';

const MAKERS: Record<string, MakeJob> = { ours: makeOurs, tfjs: makeTfjs };

/** Answers requests on its standard input, one JSON line each, as peft_worker.py does. */
async function work(make: MakeJob, folder: string): Promise<void> {
  const { name: backend, device } = await useAccelerator();
  const jobs = new Map<string, Job>();
  const job = (name: string) => jobs.get(name) as Job;
  const answer = async (request: Request): Promise<Answer> => {
    if ('prepare' in request) jobs.set(request.prepare, await make(request.work, folder));
    else if ('check' in request) return { numbers: await job(request.check).check() };
    else if ('count' in request) return { count: await countDispatches(job(request.count)) };
    else if ('run' in request) {
      const start = performance.now();
      for (let i = 0; i < request.repeats; i++) await job(request.run).run();
      return { milliseconds: (performance.now() - start) / request.repeats };
    } else {
      for (const each of jobs.values()) each.dispose();
      jobs.clear();
    }
    return {};
  };
  const tell = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
  tell({ backend, device });
  for await (const line of createInterface({ input: process.stdin })) {
    tell(await answer(JSON.parse(line) as Request));
  }
}

/** Methods of a backend that call TensorFlow or WebGPU. */
const CALLS = ['executeSingleOutput', 'executeMultipleOutputs', 'runWebGPUProgram'];

/** Counts the calls of a job into TensorFlow or WebGPU; 0 on other backends. */
async function countDispatches(job: Job): Promise<number> {
  const backend = tf.backend() as unknown as Record<string, (...args: unknown[]) => unknown>;
  let count = 0;
  for (const name of CALLS) {
    const call = backend[name];
    if (call) backend[name] = (...args) => (count++, call.apply(backend, args));
  }
  try {
    await job.run();
    return count;
  } finally {
    for (const name of CALLS) delete backend[name]; // the methods of the class are visible again
  }
}

const [, , maker = '', folder = ''] = process.argv;
if (require.main === module) void work(MAKERS[maker] as MakeJob, folder);
