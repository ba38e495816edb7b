import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KernelSession } from './session';

const NESTED = 5_000;
const nested = (open: string, inner: string, close: string): string =>
  open.repeat(NESTED) + inner + close.repeat(NESTED);

describe('The Jupyter kernel with hostile cells', () => {
  let kernel: KernelSession;
  before(async () => {
    kernel = await KernelSession.start();
  });
  after(() => kernel.stop());

  /** Runs a cell that fails, and the cell after it, which must answer; returns the error's first line. */
  async function fail(code: string): Promise<string | undefined> {
    const { replies, idle, outputs } = await kernel.run([code], { timeout: 10 });
    assert.deepEqual([replies[0]?.status, idle[0]], ['error', true], code.slice(0, 100));
    assert.equal(await kernel.text('1 + 1'), '2\n', code.slice(0, 100));
    return outputs[0]?.find(({ type }) => type === 'error')?.content.traceback?.[0];
  }

  test('shows thrown values that must be looked at with care', async () => {
    const thrown = {
      'Error: circle': `const e: any = new Error('circle'); e.cause = e; throw e;`,
      'Error: null stack': `throw Object.assign(new Error('null stack'), { stack: null });`,
      'AggregateError: all': `const all: any = new AggregateError([], 'all'); all.errors.push(all); throw all;`,
      'Thrown: a value that cannot be shown': `throw { [Symbol.for('nodejs.util.inspect.custom')]() { throw 1; } };`,
      'Error: { a: 1 }': `throw Object.assign(new Error(), { message: { a: 1 } });`,
      'RangeError: Maximum call stack size exceeded': `(function deeper(): void { deeper(); })()`,
      'Error: later': `await new Promise((_, fail) => setTimeout(fail, 5, new Error('later')));`,
    };
    for (const [line, code] of Object.entries(thrown)) assert.equal(await fail(code), line);
  });

  test('shows an error whose text is too long for a message', async () => {
    assert.match((await fail(`throw new Error('x'.repeat(3e8));`)) ?? '', /^Error: x+…$/);
  });

  test('reports code that is nested too deeply for the compiler, and compiles what follows', async () => {
    const cells = [
      nested('[', '', ']'),
      `function f() { return ${nested('(', '1', ')')}; }`,
      `const x = ${nested('!', '1', '')}`,
      nested('`${', '1', '}`'),
      nested('if (1) {', '', '}'),
    ];
    await kernel.cell(`/** @module kept */\nexport const three: number = 3;`);
    for (const code of cells) {
      assert.match((await fail(code)) ?? '', /^TypeScriptError: .*nested too deeply/);
    }
    assert.equal(await kernel.text(`import { three } from './kept';\nthree`), '3\n');
  });

  test('answers requests about code that is nested too deeply', async () => {
    const code = nested('[', '', ']');
    const content = { code, cursor_pos: NESTED, detail_level: 0 };
    for (const type of ['complete', 'inspect', 'is_complete']) {
      const reply = await kernel.request(`${type}_request`, content);
      assert.equal(reply.type, `${type}_reply`);
    }
    assert.equal(await kernel.text('1 + 1'), '2\n');
  });

  test('shows frames where a cell has replaced prepareStackTrace', async () => {
    const code = `Error.prepareStackTrace = (_, sites) => sites; throw new Error('sites');`;
    assert.equal(await fail(code), 'Error: sites');
    const thrower = `Error.prepareStackTrace = () => { throw new Error('no stack'); }; throw new Error('x');`;
    assert.match((await fail(thrower)) ?? '', /^Error: /);
    await kernel.cell(`delete (Error as any).prepareStackTrace;`);
  });

  test('reports values thrown outside cells, and lives on', async () => {
    const hide = `const hide = (key: string) => Object.defineProperty(new Error('late'), key, {
  get() { throw new Error('hidden'); },
});
const wait = () => new Promise((go) => setTimeout(go, 50));`;
    await kernel.cell(hide);
    const strays = {
      'Error: late': `setTimeout(() => { throw hide('stack'); }, 5);`,
      'Thrown: a value that cannot be shown': `void Promise.reject(hide('message'));`,
      'Thrown: 7': `process.nextTick(() => { throw 7; });`,
      'Error: sites': `const { prepareStackTrace } = Error;
Error.prepareStackTrace = (_, sites) => sites;
setTimeout(() => { throw new Error('sites'); }, 5);
await wait();
Error.prepareStackTrace = prepareStackTrace;`,
      'Error: unprintable': `const { error } = console;
console.error = () => { throw new Error('no console'); };
setTimeout(() => { throw new Error('unprintable'); }, 5);
await wait();
console.error = error;`,
      'Warning: a value that cannot be shown': `const warning: any = Object.defineProperty(new Error(), 'message', { value: { toString: 1,
  [Symbol.for('nodejs.util.inspect.custom')]() { throw 1; } } });
warning.name = 'Warning';
process.emitWarning(warning);`,
    };
    for (const [line, code] of Object.entries(strays)) {
      const text = await kernel.text(`${code}\nawait wait();`);
      assert.ok(text.split('\n').includes(line), `${line}: ${text}`);
    }
    assert.equal(await kernel.text('1 + 1'), '2\n');
  });

  test('runs cells after one that replaces what the kernel works with', async () => {
    const replaced = [
      `globalThis.console = null as any;`,
      `(globalThis as any).__tslab__ = null; delete (globalThis as any).__tslab__;`,
      `globalThis.setImmediate = globalThis.setTimeout = null as any;`,
      `Object.assign(globalThis, { JSON: null, Date: null, Map: null, Promise: null });`,
      `Object.setPrototypeOf(exports, new Proxy({}, { get() { throw 1; }, has() { throw 1; } }));`,
    ];
    await kernel.cell(
      `const before = { console, setImmediate, setTimeout, JSON, Date, Map, Promise };`,
    );
    for (const code of replaced) {
      await kernel.run([code], { timeout: 10 });
      assert.equal(await kernel.text(`1 + 1`), '2\n', code);
      assert.match((await fail(`throw new Error('x');`)) ?? '', /^Error: x/, code);
      assert.equal(
        await kernel.text(`Object.assign(globalThis, before).Map === Map`),
        'true\n',
        code,
      );
    }
    await kernel.cell(`Object.setPrototypeOf(exports, Object.prototype);`);
  });

  test('leaves the terminal empty', () => {
    assert.equal(kernel.terminal(), '');
  });
});
