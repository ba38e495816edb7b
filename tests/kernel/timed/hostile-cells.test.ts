import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type HostileCell, hostileCells, PREPARE } from './hostile-cells';
import { KernelSession, type Output, type Results } from '../session';

const CELLS = Number(process.env.HOSTILE_CELLS ?? 60);
/** Seconds in which the cell after a hostile one answers. */
const SOON = 2;
/** Bytes by which the memory that the kernel holds may grow. */
const GROWTH = 50e6;
/** Cells before memory is measured: code is compiled and caches are filled. */
const WARM_UP = CELLS / 10;

describe(`${CELLS} hostile cells`, { timeout: 40 * 60_000 }, () => {
  let kernel: KernelSession;
  const seed = Number(process.env.HOSTILE_SEED ?? 1);
  before(async () => {
    kernel = await KernelSession.start();
    assert.equal(await kernel.text(PREPARE), '');
  });
  after(() => kernel.stop());

  async function run({ code, endless }: HostileCell): Promise<Results> {
    if (!endless) return kernel.run([code], { timeout: 20 });
    return (await kernel.call('interrupt', { code, after: 0.02 })) as Results;
  }

  /** Not that of the process, which keeps free memory for later. */
  async function held(): Promise<number> {
    const code = `collectGarbage();
const { heapUsed, external } = process.memoryUsage();
heapUsed + external`;
    return Number(await kernel.text(code));
  }

  test(`seed ${seed}: each has its reply, and the next cell answers within ${SOON} s`, async () => {
    let first = 0;
    let done = 0;
    const cells = hostileCells(seed);
    for (; done < CELLS; done++) {
      const cell = cells.next().value;
      const { replies, idle, outputs } = await run(cell);
      assert.ok(replies[0] && idle[0], `no answer to:\n${cell.code}`);
      for (const output of outputs.flat()) assertWellFormed(output, cell.code);
      if (cell.restore) await kernel.run([cell.restore]);
      const next = await kernel.run(['1 + 1'], { timeout: SOON });
      const answer = JSON.stringify([next.replies[0]?.status, next.outputs]);
      assert.match(answer, /^\["ok".*"2\\n"/, `a wrong answer after:\n${cell.code}`);
      if (done === WARM_UP) first = await held();
    }
    const growth = (await held()) - first;
    assert.ok(growth < GROWTH, `${(growth / 1e6).toFixed(0)} MB more`);
  });
});

/** Half a character can stand in a text, but not in a file in UTF-8. */
function assertWellFormed(output: Output, code: string): void {
  JSON.stringify(output, (key, value: unknown) => {
    const text = typeof value === 'string' ? key + value : key;
    assert.doesNotMatch(text, /\p{Surrogate}/u, `half a character of:\n${code}`);
    return value;
  });
}
