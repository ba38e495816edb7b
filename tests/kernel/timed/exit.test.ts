import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KernelSession, shown, textOf } from '../session';

/** Waits until the cell behind has arrived. */
const WAIT = 'await new Promise((go) => setTimeout(go, 200));';

describe('A cell that ends the Jupyter kernel', () => {
  /** Runs a cell that ends the process, with another one behind it. */
  async function end(code: string) {
    const kernel = await KernelSession.start();
    try {
      const results = await kernel.run([code, `console.log('behind')`], { timeout: 10 });
      assert.deepEqual(results.idle, [true, true]);
      assert.equal(await kernel.call('ended'), true);
      assert.equal(kernel.terminal(), '');
      return results;
    } finally {
      await kernel.stop();
    }
  }

  test('gets its reply, and so do the cells behind it; Jupyter then starts a new kernel', async () => {
    const { replies, outputs } = await end(`${WAIT} console.log('bye'); process.exit(0);`);
    assert.deepEqual(
      replies.map((reply) => reply?.status),
      ['ok', 'aborted'],
    );
    assert.deepEqual(outputs.map(textOf), ['bye\n', '']);
  });

  test('gets an error if it exits with one, also from a timer', async () => {
    const { replies, outputs } = await end(
      `setTimeout(() => process.exit(3), 200); await new Promise(() => undefined);`,
    );
    assert.deepEqual(
      replies.map((reply) => reply?.['evalue'] ?? reply?.status),
      ['the cell ended the kernel with code 3', 'aborted'],
    );
    assert.deepEqual(
      outputs.flatMap((output) => shown(output).map(({ type }) => type)),
      ['error'],
    );
  });
});
