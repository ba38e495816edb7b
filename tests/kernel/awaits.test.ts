import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KernelSession } from './session';

const NAMES = `class Answer {
  constructor(readonly value: number, readonly list = [1, 2]) {}
  async json() { return this.list; }
  async next(by: number) { return new Answer(this.value + by); }
  async *steps() { yield this.value; yield this.value + 1; }
}
const get = async (value = 1) => new Answer(value);
const maybe = async (): Promise<Answer | undefined> => undefined;`;

/** Cells whose every top-level \`await\` has a bracket behind it or is within another, and what they print. */
const NESTED: Record<string, string> = {
  'const a = await (await get()).json(); a': '[ 1, 2 ]',
  'console.log(await (await get()).json());': '[ 1, 2 ]',
  'const b = (await (await get()).json())[0]; b': '1',
  'await (get(3)).then(({ value }) => value)': '3',
  'await (await (await get(3)).next(4)).json()': '[ 1, 2 ]',
  '(await (await (await (await get(3)).next(4)).next(5)).next(6)).value': '18',
  '`${(await (await get(3)).next(1)).value} and ${await (await get()).json()}`': '4 and 1,2',
  '({ a: await (await get()).json(), [`${(await (get(7))).value}`]: 1 })':
    "{ '7': 1, a: [ 1, 2 ] }",
  'const list = { a: 1, ...(await (await get()).next(1)), list: 0 }; list':
    '{ a: 1, value: 2, list: 0 }',
  '[...(await (await get()).json()), 3]': '[ 1, 2, 3 ]',
  '(await (await get(0)).next(0)).value ? await (await get()).json() : await (await get(5)).next(6)':
    'Answer { value: 11, list: [ 1, 2 ] }',
  'const { value, list: [one] } = await (await get(8)).next(1); [value, one]': '[ 9, 1 ]',
  'const [, two = (await (await get(6)).next(0)).value] = await (await get()).json(); two': '2',
  'const { none = await (await get()).json() } = {} as any; none': '[ 1, 2 ]',
  'for (const x of await (await get()).json()) console.log(x);': '1\n2',
  'for await (const x of (await (await get(4)).next(0)).steps()) console.log(x);': '4\n5',
  'for (let i = (await (get(1))).value; i < (await (await get(2)).next(1)).value; i++) console.log(i);':
    '1\n2',
  'const later = async () => (await (await get(2)).next(1)).value; await (later())': '3',
  '(await (maybe()))?.value ?? (await (await get(1))?.next(1))?.value': '2',
  'new Answer((await (await get(20)).next(1)).value)': 'Answer { value: 21, list: [ 1, 2 ] }',
  'await [get(1)][0]': 'Answer { value: 1, list: [ 1, 2 ] }',
  'await { then: (done: (x: number) => void) => done(12) }': '12',
  'const s = await\n  (await get(13)).next(1); s.value': '14',
  'if (!(await (await get()).json())) console.log(1); else { const z = await (get(5)); console.log(z.value); }':
    '5',
  'try { await (await get()).json(); throw await (await get(6)).next(1); } catch (e) { console.log(e.value); }':
    '7',
  'switch ((await (await get(1)).next(1)).value) { case 2: console.log(await (await get()).json()); }':
    '[ 1, 2 ]',
  'class Heir extends (await (Promise.resolve(Answer))) {}\nnew Heir(3).value': '3',
  "(await (await import('node:path'))).basename('/a/b')": 'b',
  'await (async () => (await (await get()).json()).length)()': '2',
  // A name of an earlier cell, in the short form, within code that is read as a module's.
  'const both = await (async ({ get }) => (await get(9)).value)({ get }); both': '9',
};

describe('A top-level await in the Jupyter kernel', () => {
  let kernel: KernelSession;
  before(async () => {
    kernel = await KernelSession.start();
    assert.equal(await kernel.text(NAMES), '');
  });
  after(() => kernel.stop());

  for (const [code, printed] of Object.entries(NESTED)) {
    test(`may be the first of a cell: ${code}`, async () => {
      assert.equal(await kernel.text(code), `${printed}\n`);
    });
  }

  test('leaves the place of an error behind nested ones', async () => {
    const text = await kernel.text(`const fine = await (await get()).json();
await (async () => {
  throw new RangeError('no');
})();`);
    assert.match(text, /^RangeError: no\n {4}at In\[\d+\]:3:9\n {4}at In\[\d+\]:4:3$/);
    assert.match(
      await kernel.text(`await (await get()).jsn();`),
      /^TypeScriptError: 1:21 - Property 'jsn' does not exist on type 'Answer'/,
    );
  });

  test('stays an error in a function that is not async', async () => {
    assert.match(await kernel.text('[1].map((x) => await (get(x)));'), /^TypeScriptError: 1:16 - /);
    assert.match(
      await kernel.text('function f() { await get(); }'),
      /'await' expressions are only/,
    );
    assert.equal(await kernel.text('1 + 1'), '2\n');
  });

  test('may be of a value whose type the cell does not import', async () => {
    const code = `import { kernelSpec } from '../src/jupyter';
const spec = await (async () => kernelSpec({ node: 'node', launcher: 'launcher.js' }))();
const { describeError } = await (await Promise.resolve(import('../src/jupyter')));
[spec.argv.length, typeof describeError]`;
    assert.equal(await kernel.text(code), "[ 3, 'function' ]\n");
  });
});
