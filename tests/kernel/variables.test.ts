import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { KernelSession, type Results, textOf } from './session';

describe('Variables of the Jupyter kernel', () => {
  let kernel: KernelSession;
  before(async () => {
    kernel = await KernelSession.start();
  });
  after(() => kernel.stop());

  /** Runs a cell that fails. */
  async function fail(code: string): Promise<void> {
    const { replies } = await kernel.run([code]);
    assert.equal(replies[0]?.status, 'error', code);
  }

  async function interrupt(code: string): Promise<void> {
    const { replies } = (await kernel.call('interrupt', { code, after: 0.1 })) as Results;
    assert.equal(replies[0]?.['ename'], 'Interrupted', code);
  }

  /** One declaration of each kind, and what a later cell sees of it. */
  const EVERY_KIND = `import os, { EOL as end } from 'node:os';
import * as path from 'node:path';
const constant = 1;
let variable: number[] = [];
var old = 'var';
const { a, b: [c = 3] } = { a: 1, b: [] as number[] }, [d] = new Set([4]);
function sum(...ns: number[]) { return ns.reduce((x, y) => x + y, variable.length); }
class Point { constructor(readonly x: number) {} }
enum Colour { red = 7 }
namespace Inner { export const value = 8; }
interface Pair { x: number; y: number }
variable.push(5);`;
  const SEEN = `const pair: Pair = { x: sum(a, c), y: d };
[typeof os.cpus, end, path.sep, constant, variable, old, pair, new Point(6).x, Colour.red, Inner.value].join()`;
  const VALUES = 'function,\n,/,1,5,var,[object Object],6,7,8\n';

  const ENDS = {
    'throws at once': () => fail(`${EVERY_KIND}\nthrow new Error('x');`),
    'throws after an await': () => fail(`await null;\n${EVERY_KIND}\nawait null; throw 1;`),
    'is interrupted in a loop': () => interrupt(`${EVERY_KIND}\nconsole.log(1); while (true) {}`),
    'is interrupted while it waits': () =>
      interrupt(`${EVERY_KIND}\nconsole.log(1); await new Promise(() => undefined);`),
  };
  for (const [how, run] of Object.entries(ENDS)) {
    test(`exist as far as they were declared after a cell that ${how}`, async () => {
      const fresh = await KernelSession.start();
      await kernel.stop();
      kernel = fresh;
      await run();
      assert.equal(await kernel.text(SEEN), VALUES);
      const { content } = await kernel.request('inspect_request', { code: 'sum', cursor_pos: 3 });
      assert.match(JSON.stringify(content), /function sum\(\.\.\.ns: number\[\]\): number/);
    });
  }

  test('do not exist where their cell ended before them', async () => {
    await fail(`let one = 1, two = [].reduce(() => 1);
const three = 3;
class Four {}
function later() { return three; }`);
    assert.equal(await kernel.text('one'), '1\n');
    for (const name of ['two', 'three', 'Four']) {
      assert.match(await kernel.text(`[${name}]`), /^TypeScriptError: 1:2 - Cannot find name/);
    }
    assert.match(await kernel.text('later()'), /^ReferenceError: Cannot access 'three' before/);
  });

  test('keep value and type where a new declaration was not reached', async () => {
    await kernel.cell(`import { sep as kept } from 'node:path';
const text = 'text';
var list = [1, 2];
class Shape { sides = 4; }
let count = 1, both = 'old';`);
    await fail(`const both = 5;
if (both === 5) throw new Error('no further');
const text = 3, count = 'many', kept = 0;
var list = 4;
class Shape { corners = 5; }`);
    assert.equal(
      await kernel.text('[text.length, list.length, new Shape().sides, count + 1, kept, both + 1]'),
      "[ 4, 2, 4, 2, '/', 6 ]\n",
    );
    await fail(`import { nothing } from './not-there';\nconst text = 3;`);
    assert.equal(await kernel.text('text.length'), '4\n');
  });

  test('of an interrupted cell that wakes up do not replace those of later cells', async () => {
    const wakes = `import { spawn } from 'node:child_process';
console.log('go');
await new Promise((resolve) => spawn('sleep', ['0.6'], { detached: true }).on('exit', resolve));
const value = 'stale';`;
    await interrupt(wakes);
    await kernel.cell(`const value = 'new'; await new Promise((go) => setTimeout(go, 800));`);
    assert.equal(await kernel.text('value'), "'new'\n".replaceAll("'", ''));
  });

  test('are one variable for later cells and for functions of their own cell', async () => {
    await kernel.cell(`let scale = 2;
var shift = 1;
let times = 3;
const apply = (x: number) => x * scale + shift;
async function applyLater(x: number) { await null; return apply(x) * times; }
function count() { return ++times; }`);
    assert.equal(
      await kernel.text('scale = 10; shift++; [scale, shift, apply(1)]'),
      '[ 10, 2, 12 ]\n',
    );
    assert.equal(
      await kernel.text('({ scale } = { scale: 5 }); [times] = [1]; await applyLater(1)'),
      '7\n',
    );
    assert.equal(await kernel.text('count(); scale *= 2; [times, apply(1)]'), '[ 2, 12 ]\n');
    assert.equal(await kernel.text('const f = () => (scale = 100); f(); apply(1)'), '102\n');
    assert.match(
      await kernel.text('apply = 3'),
      /Cannot assign to 'apply' because it is a constant/,
    );
  });

  test('of an earlier cell can be taken apart under other names', async () => {
    await kernel.cell(`class Step { constructor(readonly loss = 1, readonly of = { steps: [7, 8] }) {} }
const options = { r: 4, inner: { alpha: [5] } };
const r = 'another';`);
    await kernel.cell(`const { r: rank, inner: { alpha: [first, second = 6] } } = options;
const { loss: start, of: { steps: [, last] } } = new Step();`);
    assert.equal(await kernel.text('[rank, first, second, start, last]'), '[ 4, 5, 6, 1, 8 ]\n');
    const code = `for (const { r: each, ...rest } of [options]) console.log(each, Object.keys(rest));
const rankOf = ({ r: given = 3 }: { r?: number }) => given;
[rankOf(options), rankOf({}), r]`;
    assert.equal(await kernel.text(code), "4 [ 'inner' ]\n[ 4, 3, 'another' ]\n");
  });

  test('of an imported module show its present values', async () => {
    const counter = `export let count = 0;
export const increment = () => ++count;
Object.defineProperty(exports, 'moody', { get() { throw new Error('no'); } });
export declare const moody: number;`;
    fs.writeFileSync(path.join(kernel.folder, 'counter.ts'), counter);
    await kernel.cell(`import { count, increment, moody } from './counter';\nincrement();`);
    assert.equal(await kernel.text('increment(); count'), '2\n');
    await kernel.run([`import { count, moody } from './counter';\nthrow 1;`]);
    assert.equal(await kernel.text('count'), '2\n');
  });

  test('that a later cell declares anew are new ones, which later assignments change', async () => {
    await kernel.cell('let rate = 1; const rateOf = () => rate;');
    await kernel.cell('let rate = "fast"; const newRateOf = () => rate;');
    await kernel.cell('rate = "slow";');
    assert.equal(await kernel.text('[rate, newRateOf(), rateOf()].join()'), 'slow,slow,1\n');
  });

  test('can be declared also after a cell has tried to lock them', async () => {
    await kernel.run([`Object.freeze(exports);`]);
    await kernel.run([`Object.defineProperty(exports, 'locked', { value: 1 });`]);
    assert.equal(await kernel.text(`let locked = 2; locked++; locked`), '3\n');
    assert.equal(await kernel.text(`locked++; locked`), '4\n');
  });

  test('have the place of an error in a later part of their declaration', async () => {
    const { outputs } = await kernel.run([
      `let fine = 1, bad = (() => {\n  throw new Error('no');\n})();`,
    ]);
    assert.match(
      textOf(outputs[0] ?? []),
      /^Error: no\n {4}at In\[\d+\]:2:9\n {4}at In\[\d+\]:3:3$/,
    );
  });
});
