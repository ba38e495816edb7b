import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { SMOLLM2_GGUF } from '../../course/shipped';
import { projectRoot } from '../../files/local';
import { ArgumentError } from '../../tensor/errors';
import {
  llamaCppStep,
  peftStep,
  hasNvidiaGpu,
  isReady,
  tensorflowStep,
  softwareVulkan,
} from '../setup';
import type { TestRun } from './run-tests';
import { NEWEST_NODE, newestNodeStep } from './test-tools';
import { readWings, type Tested } from './wings';

/** Test files that run together, in one environment. */
export interface Suite extends TestRun {
  name: string;
  /** why it cannot run on this machine */
  missing?: string | undefined;
  /** whether it may run beside another of these: it is long, and looks at no times */
  beside?: boolean;
}

/** More hostile cells, broken files and killed processes than elsewhere, where a few of each run. */
const HOSTILE: Suite[] = [
  {
    name: '2,000 hostile cells',
    files: [inDist('tests/kernel/timed/hostile-cells.test.js')],
    env: { HOSTILE_CELLS: '2000' },
    beside: true,
  },
  {
    name: '20,000 broken adapters, 100 killed saves',
    files: ['src/adapter/peft/fuzz.test.js', 'src/files/local/replace-files.test.js'].map(inDist),
    env: { LORA_BACKEND: 'wasm', FUZZ_RUNS: '20000', KILLS: '100' },
    atOnce: 1,
    beside: true,
  },
];

/** Lists the suites of `npm test` on this machine. */
export function suites(): Suite[] {
  const tests = sourceTests();
  const accelerators = acceleratorsOfTests();
  return [
    {
      name: 'what needs no accelerator',
      files: [
        ...tests.once,
        ...testFiles('tests').filter((file) => path.dirname(file) === inDist('tests')),
        ...['tests/plot', 'tests/docs'].flatMap(testFiles),
      ],
    },
    ...accelerators.map((one) => ({
      ...one,
      name: `LoRA on ${one.name}`,
      files: tests['every accelerator'],
    })),
    ...compiledKernels(tests['every accelerator']),
    ...kernelSuites('kernel'),
    { name: 'solutions', files: testFiles('tests/solutions'), atOnce: 1 },
    ...notebookSuites(accelerators),
    ...kernelSuites('newest Node', testFiles('tests/newest-node')).map((one) => ({
      ...one,
      atOnce: 1,
      beside: one.atOnce === undefined,
      node: NEWEST_NODE,
      env: { LORA_BACKEND: 'cpu-native' },
      missing: newestNodeStep.parts.every(isReady)
        ? noTensorflow()
        : 'not installed (CI=true installs it)',
    })),
    ...(process.env.CI ? HOSTILE : []),
    {
      name: 'a tenth of the soak',
      files: testFiles('tests/soak'),
      missing: process.env.CI ? undefined : 'takes minutes (CI=true runs it)',
      beside: true,
    },
    ...suitesOfSmolLM2(),
    {
      name: 'adapters in PEFT',
      files: testFiles('tests/interop'),
      atOnce: 1,
      missing: noPeft(),
      beside: true,
    },
    {
      name: 'lesson in JupyterLab',
      files: testFiles('tests/e2e'),
      atOnce: 1,
      missing: existsSync('/usr/bin/chromium') ? undefined : 'no browser (/usr/bin/chromium)',
    },
  ];
}

function notebookSuites(accelerators: Omit<Suite, 'files'>[]): Suite[] {
  return accelerators
    .filter(({ name }) => name !== 'js')
    .map((one) => ({
      ...one,
      name: `notebooks on ${one.name}`,
      files: testFiles('tests/notebooks'),
      atOnce: 1,
    }));
}

/** The ops, with the kernels for other processors than this one; the fastest run with all tests. */
function compiledKernels(files: string[]): Suite[] {
  return ['avx2', 'portable'].map((version) => ({
    name: `ops, ${version} kernels`,
    files: files.filter((file) => path.dirname(file).split(path.sep).some(isOp)),
    env: { LORA_BACKEND: 'cpu-native', LORA_KERNELS: version },
    missing: noTensorflow(),
    beside: true,
  }));
}

function isOp(folder: string): boolean {
  return ['op', 'ops', 'quant'].includes(folder);
}

/** The tests of the kernel with others, and alone those that look at the time. */
function kernelSuites(name: string, others: string[] = []): Suite[] {
  const timed = testFiles('tests/kernel/timed');
  const files = testFiles('tests/kernel').filter((file) => !timed.includes(file));
  return [
    { name, files: [...files, ...others] },
    { name: `${name}, against the clock`, files: timed, atOnce: 1 },
  ];
}

/** The accelerators that the numeric tests run on. */
function acceleratorsOfTests(): Omit<Suite, 'files'>[] {
  const vulkan = softwareVulkan();
  const cuda = { name: 'cuda', env: { LORA_BACKEND: 'cuda' }, missing: noTensorflow() };
  return [
    ...(hasNvidiaGpu() ? [cuda] : []),
    { name: 'cpu-native', env: { LORA_BACKEND: 'cpu-native' }, missing: noTensorflow() },
    { name: 'wasm', env: { LORA_BACKEND: 'wasm' } },
    { name: 'js', env: { LORA_BACKEND: 'js' } },
    {
      name: 'webgpu (software)',
      env: vulkan ?? {},
      missing: vulkan ? undefined : 'no software Vulkan',
    },
  ];
}

/** Asked when the suites are listed: this file may be loaded before the set-up has run. */
function noTensorflow(): string | undefined {
  return tensorflowStep.parts.every(isReady) ? undefined : 'no native TensorFlow';
}

/** PyTorch and PEFT take gigabytes: `npm test` installs them only where CI is set. */
function noPeft(): string | undefined {
  const isThere = process.env.INTEROP_PYTHON ?? peftStep.parts.every(isReady);
  return isThere || process.env.CI ? undefined : 'no PEFT (npm run test:interop gets it)';
}

/** The course's real model, against transformers and llama.cpp. */
function suitesOfSmolLM2(): Suite[] {
  const env = { LORA_BACKEND: 'cpu-native' };
  return [
    {
      name: 'SmolLM2',
      env,
      files: testFiles('tests/real'),
      atOnce: 1, // the first file may have to fetch the model
      missing: noSmolLM2() ?? noTensorflow(),
      beside: true,
    },
    {
      name: 'SmolLM2 in llama.cpp',
      env,
      files: testFiles('tests/llama'),
      missing: noLlamaCpp() ?? noTensorflow(),
      beside: true,
    },
  ];
}

/** Its 93 MB are fetched where CI is set, or by the command that the reason names. */
function noSmolLM2(): string | undefined {
  const isThere = existsSync(SMOLLM2_GGUF) || process.env.CI;
  return isThere ? undefined : 'no SmolLM2 (npm run test:llama fetches it)';
}

function noLlamaCpp(): string | undefined {
  const isThere = llamaCppStep.parts.every(isReady) || process.env.CI;
  return isThere ? noSmolLM2() : 'no llama.cpp (npm run test:llama gets it)';
}

/**
 * Lists the test files beside the sources, by how often they run according to src/wings.json.
 * @throws ArgumentError if a file is in a wing that is missing there
 */
function sourceTests(): Record<Tested, string[]> {
  const wings = readWings();
  const files: Record<Tested, string[]> = { once: [], 'every accelerator': [] };
  for (const file of testFiles('src')) {
    const [name = '', room = ''] = path.relative(inDist('src'), file).split(path.sep);
    const wing = wings[name];
    if (!wing) {
      throw new ArgumentError(`test: src/${name} must be a wing in src/wings.json, but is not.`);
    }
    files[wing.rooms[room]?.tests ?? wing.tests].push(file);
  }
  return files;
}

/** Lists the compiled test files below a folder. */
export function testFiles(folder: string): string[] {
  return readdirSync(inDist(folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => path.join(inDist(folder), file));
}

function inDist(file: string): string {
  return path.join(projectRoot, 'dist', file);
}
