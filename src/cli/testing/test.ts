import { spawnSync } from 'node:child_process';
import { projectRoot } from '../../files/local';
import { runTests } from './run-tests';
import { type Suite, suites } from './test-suites';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

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

/** The type-check is the build, done before this runs. */
function lint(): Counts {
  console.log('\n== lint');
  const { status } = spawnSync('npm', ['run', '--silent', 'lint'], {
    cwd: projectRoot,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
}

async function runSuite({ name, files, env, atOnce, missing }: Suite): Promise<Counts> {
  console.log(`\n== ${name}`);
  if (missing) {
    const fails = Boolean(process.env.CI);
    console.log(`${fails ? 'FAILED' : 'skipped'}: ${missing} on this machine`);
    return { passed: 0, failed: fails ? 1 : 0, skipped: fails ? 0 : 1 };
  }
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

/** The number in the spec reporter's closing line, such as `ℹ pass 36`. */
function count(output: string, kind: string): number {
  return Number(new RegExp(`^ℹ ${kind} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
}

function add(total: Counts, more: Counts): void {
  total.passed += more.passed;
  total.failed += more.failed;
  total.skipped += more.skipped;
}
