import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { KernelSession, python, shown, textOf } from './session';

const FAIL = `throw new Error('no');`;
const say = (word: string): string => `console.log('${word}');`;

describe('Queue of the Jupyter kernel', () => {
  let kernel: KernelSession;
  before(async () => {
    kernel = await KernelSession.start();
  });
  after(() => kernel.stop());

  test('aborts the cells queued behind an error', async () => {
    const { replies, idle, outputs } = await kernel.run([say('a'), FAIL, say('b'), say('c')]);
    assert.deepEqual(
      replies.map((reply) => reply?.status),
      ['ok', 'error', 'aborted', 'aborted'],
    );
    assert.deepEqual(idle, [true, true, true, true]);
    assert.deepEqual(outputs.slice(2).map(shown), [[], []]);
  });

  test('aborts cells that arrived during synchronous work which ends in an error', async () => {
    const busy = 'const end = Date.now() + 400; while (Date.now() < end);';
    const { replies } = await kernel.run([busy + FAIL, say('b'), say('c')], { gap: 0.1 });
    assert.deepEqual(
      replies.map((reply) => reply?.status),
      ['error', 'aborted', 'aborted'],
    );
  });

  test('aborts the cells queued behind an awaited error', async () => {
    const wait = 'await new Promise((resolve) => setTimeout(resolve, 50));';
    const { replies } = await kernel.run([wait + FAIL, say('b')]);
    assert.deepEqual(
      replies.map((reply) => reply?.status),
      ['error', 'aborted'],
    );
  });

  test('runs the cells behind an error if stop_on_error is false', async () => {
    const { replies, outputs } = await kernel.run([FAIL, say('b')], { stop_on_error: false });
    assert.deepEqual(
      replies.map((reply) => reply?.status),
      ['error', 'ok'],
    );
    assert.equal(textOf(outputs[1] ?? []), 'b\n');
  });

  test('runs a cell that is sent as soon as the error reply arrives', async () => {
    const codes = Array.from({ length: 10 }, (_, i) => [FAIL, say(`after ${i}`)]).flat();
    const { outputs, idle } = (await kernel.call('one_by_one', { codes })) as {
      outputs: Parameters<typeof textOf>[0][];
      idle: boolean[];
    };
    const said = outputs.filter((_, i) => i % 2 === 1).map(textOf);
    assert.deepEqual(
      said,
      said.map((_, i) => `after ${i}\n`),
    );
    assert.ok(idle.every(Boolean));
  });

  test('runs a silent request without input message, number and last value', async () => {
    const numberOf = async (): Promise<number> =>
      Number((await kernel.run(['0'])).replies[0]?.['execution_count']);
    const before = await numberOf();
    const { replies, idle, outputs } = await kernel.run([say('said') + 'const kept = 7; kept'], {
      silent: true,
    });
    const types = outputs[0]?.map(({ type }) => type);
    assert.deepEqual([replies[0]?.status, idle[0]], ['ok', true]);
    assert.deepEqual(types, ['status', 'stream', 'status']);
    assert.equal(textOf(outputs[0] ?? []), 'said\n');
    assert.equal(await kernel.text('kept'), '7\n');
    assert.equal(await numberOf(), before + 2);
    const failed = await kernel.run([FAIL, say('b')], { silent: true });
    assert.deepEqual(
      failed.replies.map((reply) => reply?.status),
      ['error', 'ok'],
    );
  });

  test('evaluates the expressions of a request after its cell', async () => {
    const expressions = {
      sum: 'x + 1',
      text: `'a' + x // comment`,
      object: '{ x }',
      nothing: 'undefined',
      promise: 'await Promise.resolve(x)',
      mistake: 'x.foo',
      thrown: `(() => { throw new RangeError('no'); })()`,
      statement: 'const y = 1',
      broken: '(((',
      hostile: `({ [Symbol.for('nodejs.util.inspect.custom')]() { throw 1; } })`,
    };
    const { replies, outputs } = await kernel.run(['let x = 4;'], {
      user_expressions: expressions,
    });
    const results = replies[0]?.['user_expressions'] as Record<
      string,
      { status: string; data?: object; ename?: string; evalue?: string }
    >;
    assert.deepEqual(
      Object.keys(expressions).map((name) => {
        const { status, data, ename } = results[name] ?? {};
        return data ?? [status, ename];
      }),
      [
        ...['5', `'a4'`, '{ x: 4 }', 'undefined', '4'].map((text) => ({ 'text/plain': text })),
        ['error', 'TypeScriptError'],
        ['error', 'RangeError'],
        ['error', 'TypeScriptError'],
        ['error', 'TypeScriptError'],
        { 'text/plain': 'a value that cannot be shown' },
      ],
    );
    assert.deepEqual(shown(outputs[0] ?? []), []);
    const failed = await kernel.run([FAIL], { user_expressions: { x: 'x' } });
    assert.equal(failed.replies[0]?.['user_expressions'], undefined);
    assert.equal(await kernel.text('x'), '4\n');
  });

  test('continues after a cell tagged raises-exception, in nbclient', async () => {
    const cells = [
      { source: say('one') },
      { source: FAIL, tags: ['raises-exception'] },
      { source: say('two') },
      { source: say('three') },
    ];
    const run = await nbclient(cells);
    assert.equal(run.error, null);
    assert.deepEqual(
      run.outputs.map((outputs) => outputs.map(({ text, ename }) => text ?? ename)),
      [['one\n'], ['Error'], ['two\n'], ['three\n']],
    );
  });

  test('ends the run of nbclient with the error of an untagged cell', async () => {
    const run = await nbclient([{ source: say('one') }, { source: FAIL }, { source: say('two') }]);
    assert.match(run.error ?? '', /CellExecutionError[^]*Error: no/);
    assert.deepEqual(run.outputs[2], []);
  });
});

interface NotebookRun {
  error: string | null;
  outputs: { text?: string; ename?: string }[][];
}

async function nbclient(cells: { source: string; tags?: string[] }[]): Promise<NotebookRun> {
  const script = python('run_notebook.py', ['under-test']);
  script.stdin?.end(JSON.stringify(cells));
  assert.ok(script.stdout);
  return JSON.parse(await text(script.stdout)) as NotebookRun;
}
