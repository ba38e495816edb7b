import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { PYTHON_TOOLS } from '../../src/cli/testing';
import { python } from './session';

/** Tests of Jupyter's that this kernel does not take, as jupyter_tests.py names the reasons. */
const NOT_TAKEN = ['test_clear_output', 'test_execute_result', 'test_pager'];

const missing =
  process.env.CI || existsSync(PYTHON_TOOLS) ? false : 'not installed (npm test installs it)';

test("the kernel passes Jupyter's own tests of a kernel", { skip: missing }, async () => {
  process.env.PYTHONPATH = PYTHON_TOOLS;
  const script = python('jupyter_tests.py', []);
  assert.ok(script.stdout);
  const { ran, failed, skipped } = JSON.parse(await text(script.stdout)) as {
    ran: number;
    failed: string[];
    skipped: Record<string, string>;
  };
  assert.deepEqual(failed, []);
  // Some Pythons count a part of test_history: it asks for an earlier session, and there is none.
  const names = Object.keys(skipped).filter((name) => name !== 'test_history');
  assert.deepEqual(names.sort(), NOT_TAKEN);
  assert.ok(ran >= 11, `${ran} tests`);
});
