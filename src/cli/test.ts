import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { environmentStep } from './interop';
import { nativeStep } from './native-step';
import { repoRoot } from './paths';
import { runTests } from './run-tests';
import { isReady } from './step.cjs';
import { softwareVulkan } from './software-vulkan';
import { hasNvidiaGpu } from './tensorflow-library';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Test files that run together, in one environment. */
interface Suite {
  name: string;
  /** folders of dist/ */
  folders: string[];
  env?: NodeJS.ProcessEnv;
  /** how many files run at once, where that is not as many as there are cores */
  atOnce?: number;
  /** why it cannot run on this machine */
  missing?: string | undefined;
}

const PLAIN = ['safetensors', 'tasks', 'plot', 'kernel', 'cli'].map((room) => `src/${room}`);
const NUMERIC = [
  'runtime',
  'nn',
  'lora',
  'quant',
  'starts',
  'combine',
  'embeddings',
  'bank',
  'peft',
  'gpt2',
  'train',
  'finetune',
  'agents',
  'lesson',
].map((room) => `src/${room}`);

/** As many broken files and killed processes as one can wait for; a few of them run anyway. */
const HOSTILE: Suite = {
  name: '20,000 broken adapters, 100 killed saves',
  folders: ['src/peft/fuzz', 'src/peft/replace-files'],
  env: { LORA_BACKEND: 'wasm', FUZZ_RUNS: '20000', KILLS: '100' },
};

/**
 * Runs every check: lint, then the tests, the numeric ones once on each accelerator.
 * Where CI is set, a suite that cannot run counts as failed.
 * @returns 0 if all passed
 */
export async function test(): Promise<number> {
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  add(total, lint());
  for (const suite of suites()) add(total, await runSuite(suite));
  console.log(
    `\n${total.passed} passed, ${total.failed} failed` +
      (total.skipped > 0 ? `, ${total.skipped} skipped` : ''),
  );
  return total.failed === 0 ? 0 : 1;
}

function suites(): Suite[] {
  const vulkan = softwareVulkan();
  const noAddon = nativeStep.parts.every(isReady) ? undefined : 'no native TensorFlow';
  const cuda = { name: 'cuda', env: { LORA_BACKEND: 'cuda' }, missing: noAddon };
  const accelerators: Omit<Suite, 'folders'>[] = [
    ...(hasNvidiaGpu() ? [cuda] : []),
    { name: 'cpu-native', env: { LORA_BACKEND: 'cpu-native' }, missing: noAddon },
    { name: 'wasm', env: { LORA_BACKEND: 'wasm' } },
    { name: 'js', env: { LORA_BACKEND: 'js' } },
    {
      name: 'webgpu (software)',
      env: vulkan ?? {},
      missing: vulkan ? undefined : 'no software Vulkan',
    },
  ];
  return [
    {
      name: 'what needs no accelerator',
      folders: ['tests/house', 'tests/readme', 'tests/compatibility', 'tests/plot', ...PLAIN],
      atOnce: 1, // the bench's test compares times
    },
    ...accelerators.map((one) => ({
      ...one,
      name: `LoRA on ${one.name}`,
      folders: [...NUMERIC, 'tests/finetune'],
    })),
    { name: 'kernel and solutions', folders: ['tests/kernel', 'tests/solutions'], atOnce: 1 },
    ...accelerators
      .filter(({ name }) => name !== 'js')
      .map((one) => ({
        ...one,
        name: `notebooks on ${one.name}`,
        folders: ['tests/notebooks'],
        atOnce: 1,
      })),
    ...(process.env.CI ? [HOSTILE] : []),
    { name: 'adapters in PEFT', folders: ['tests/interop'], missing: noPeft() },
    {
      name: 'lesson in JupyterLab',
      folders: ['tests/e2e'],
      atOnce: 1,
      missing: existsSync('/usr/bin/chromium') ? undefined : 'no browser (/usr/bin/chromium)',
    },
  ];
}

/** PyTorch and PEFT take gigabytes: made here only where CI is set, elsewhere by whoever asks. */
function noPeft(): string | undefined {
  const isThere = process.env.INTEROP_PYTHON ?? environmentStep.parts.every(isReady);
  return isThere || process.env.CI ? undefined : 'no PEFT (npm run test:interop gets it)';
}

/** The type-check is the build, done before this runs. */
function lint(): Counts {
  console.log('\n== lint');
  const { status } = spawnSync('npm', ['run', '--silent', 'lint'], {
    cwd: repoRoot,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
}

async function runSuite({ name, folders, env, atOnce, missing }: Suite): Promise<Counts> {
  console.log(`\n== ${name}`);
  if (missing) {
    const fails = Boolean(process.env.CI);
    console.log(`${fails ? 'FAILED' : 'skipped'}: ${missing} on this machine`);
    return { passed: 0, failed: fails ? 1 : 0, skipped: fails ? 0 : 1 };
  }
  const files = folders.flatMap(testFiles);
  const { code, output } = await runTests(files, env, atOnce);
  const counts = {
    passed: count(output, 'pass'),
    failed: count(output, 'fail') + count(output, 'cancelled'),
    skipped: count(output, 'skipped'),
  };
  // A run that ended without a failing test, yet not well, or without any test, did not pass.
  if (counts.failed === 0 && (code !== 0 || counts.passed === 0)) counts.failed = 1;
  return counts;
}

function testFiles(folder: string): string[] {
  const root = path.join(repoRoot, 'dist', folder);
  if (!existsSync(root)) return [`${root}.test.js`];
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => path.join(root, file));
}

/** The number in the spec reporter's closing line, such as `ℹ pass 36`. */
function count(output: string, kind: string): number {
  return Number(new RegExp(`^ℹ ${kind} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
}

function add(total: Counts, more: Counts): void {
  total.passed += more.passed;
  total.failed += more.failed;
  total.skipped += more.skipped;
}
