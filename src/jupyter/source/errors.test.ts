import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { describeThrown } from './errors';

const described = (thrown: unknown) => describeThrown(thrown, new Map());
/** The lines of a report without its frames. */
const lines = (thrown: unknown) =>
  described(thrown).traceback.filter((line) => !line.startsWith('    at '));
const hidden = (value: object, key: string) =>
  Object.defineProperty(value, key, {
    get: () => {
      throw new Error('hidden');
    },
  });

describe('describeThrown', () => {
  test('shows each error of a chain once, also if the chain is a circle', () => {
    const self = new Error('self');
    self.cause = self;
    assert.deepEqual(lines(self), ['Error: self']);

    const first = new Error('first');
    const second = new RangeError('second', { cause: first });
    first.cause = second;
    assert.deepEqual(lines(first), ['Error: first', 'Caused by:', 'RangeError: second']);

    const all = new AggregateError([first], 'all');
    all.errors.push(all, second, 'no error');
    assert.deepEqual(lines(all), [
      'AggregateError: all',
      ...['Caused by:', 'Error: first'],
      ...['Caused by:', 'RangeError: second'],
    ]);
  });

  test('shows 20 errors of a chain or an aggregate, and says that there are more', () => {
    let deep = new Error('0');
    for (let i = 1; i < 10_000; i++) deep = new Error(`${i}`, { cause: deep });
    const wide = new AggregateError(Array.from({ length: 10_000 }, (_, i) => new Error(`${i}`)));
    const endless = hidden(new Error('endless'), 'stack');
    Object.defineProperty(endless, 'cause', { get: () => Object.create(endless) as Error });
    for (const error of [deep, wide, endless]) {
      const shown = lines(error);
      assert.equal(shown.filter((line) => line === 'Caused by:').length, 20);
      assert.equal(shown.at(-1), 'more errors, which are not shown');
    }
  });

  test('shows an error whose stack is no text, or cannot be read', () => {
    for (const stack of [null, undefined, 7, 7n, {}, Symbol('s')]) {
      const error = Object.assign(new TypeError('x'), { stack });
      assert.deepEqual(described(error).traceback, ['TypeError: x'], typeof stack);
    }
    assert.deepEqual(lines(hidden(new TypeError('x'), 'stack')), ['TypeError: x']);
  });

  test('finds frames where prepareStackTrace returns call sites', () => {
    const code = `Error.prepareStackTrace = (_, sites) => sites;\nnew Error('x');`;
    const error: unknown = runInNewContext(code, {}, { filename: '/a/elsewhere.js' });
    assert.equal(described(error).traceback[1], '    at /a/elsewhere.js:2:1');
  });

  test('shows a name or message that is no text', () => {
    const of = (message: unknown) => described(Object.assign(new Error(), { message })).evalue;
    assert.equal(of(7n), '7');
    assert.equal(of({ a: 1 }), '{ a: 1 }');
    assert.equal(of(Symbol('s')), 'Symbol(s)');
    assert.equal(of(null), 'null');
    assert.equal(
      of(() => 1),
      '[Function (anonymous)]',
    );
    assert.equal(described(Object.assign(new Error(), { name: ['N'] })).ename, "[ 'N' ]");
  });

  test('shows the rest of an error one part of which cannot be read', () => {
    assert.deepEqual(lines(hidden(new Error('x'), 'cause')), ['Error: x']);
    assert.deepEqual(lines(hidden(new AggregateError([], 'x'), 'errors')), ['AggregateError: x']);
    assert.deepEqual(lines(new Error('x', { cause: hidden(new Error(), 'message') })), [
      'Error: x',
      'Caused by:',
      'Error: a value that cannot be shown',
    ]);
  });

  test('stands in for values that cannot be read at all', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const custom = Symbol.for('nodejs.util.inspect.custom');
    const values = [
      { [custom]: () => assert.fail() },
      hidden({}, 'constructor') && { [custom]: () => ({ [custom]: () => assert.fail() }) },
      proxy,
      new Proxy(new Error('x'), { get: () => assert.fail() }),
    ];
    for (const value of values) {
      assert.deepEqual(described(value).traceback, ['Thrown: a value that cannot be shown']);
    }
  });

  test('knows an Error of another realm', () => {
    const { ename, evalue } = described(runInNewContext(`new RangeError('far')`));
    assert.deepEqual([ename, evalue], ['RangeError', 'far']);
  });

  test('shows at most 50 frames, and 100,000 characters of a text', () => {
    const error = new Error('long '.repeat(30_000));
    error.stack = Array.from({ length: 500 }, (_, i) => `    at f (/a/b.js:${i}:1)`).join('\n');
    const { evalue, traceback } = described(error);
    assert.equal(evalue.length, 100_001);
    assert.match(evalue, /^long long [^]* …$/);
    assert.equal(traceback.length, 51);
  });
});
