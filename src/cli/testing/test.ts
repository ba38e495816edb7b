import { lint } from './lint';
import { runTests } from './run-tests';
import { type Suite, suites } from './test-suites';
import { installTestTools } from './test-tools';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Runs every check: lint, then the tests, the numeric ones once on each accelerator. A test that
 * needs another accelerator than its suite's is skipped there; where CI is set, a suite that cannot
 * run counts as failed.
 * @returns 0 if all passed
 */
export async function test(): Promise<number> {
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  await installTestTools();
  console.log('\n== lint');
  const found = lint();
  add(total, { passed: 1 - found, failed: found, skipped: 0 });
  const all = suites();
  for (const suite of all.filter(({ beside }) => !beside)) add(total, await runSuite(suite));
  for (const counts of await twoAtOnce(all.filter(({ beside }) => beside))) add(total, counts);
  console.log(
    `\n${total.passed} passed, ${total.failed} failed` +
      (total.skipped > 0 ? `, ${total.skipped} skipped` : ''),
  );
  return total.failed === 0 ? 0 : 1;
}

/** Runs suites two at once, and shows what each printed when it has ended. */
async function twoAtOnce(all: readonly Suite[]): Promise<Counts[]> {
  const left = [...all];
  const counts: Counts[] = [];
  const work = async () => {
    for (let suite = left.shift(); suite; suite = left.shift()) {
      let printed = '';
      counts.push(await runSuite({ ...suite, show: (text) => (printed += text) }));
      process.stdout.write(printed);
    }
  };
  await Promise.all([work(), work()]);
  return counts;
}

async function runSuite({ name, missing, ...suite }: Suite): Promise<Counts> {
  const { show = (text: string) => process.stdout.write(text) } = suite;
  show(`\n== ${name}\n`);
  if (missing) {
    const fails = Boolean(process.env.CI);
    show(`${fails ? 'FAILED' : 'skipped'}: ${missing} on this machine\n`);
    return { passed: 0, failed: fails ? 1 : 0, skipped: fails ? 0 : 1 };
  }
  const { code, output } = await runTests(suite);
  const counts = {
    passed: count(output, 'pass'),
    failed: count(output, 'fail') + count(output, 'cancelled'),
    skipped: count(output, 'skipped'),
  };
  // A run that failed without a failing test, or that ran no test, counts as failed.
  if (counts.failed === 0 && (code !== 0 || counts.passed === 0)) counts.failed = 1;
  return counts;
}

/** Reads the number in a closing line of the spec reporter, such as `ℹ pass 36`. */
function count(output: string, kind: string): number {
  return Number(new RegExp(`^ℹ ${kind} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
}

function add(total: Counts, more: Counts): void {
  total.passed += more.passed;
  total.failed += more.failed;
  total.skipped += more.skipped;
}
