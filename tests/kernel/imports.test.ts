import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { KernelSession, ROOT } from './session';

const FILES = {
  'helper.ts': `import type { Pair } from './lib/pair';
import { sum } from './lib/pair';
export const answer: number = 42;
export const add = (pair: Pair): number => sum(pair);
export function fail(): never {
  throw new RangeError('from the helper');
}
`,
  'lib/pair.ts': `import limits from '../data.json';
export interface Pair {
  x: number;
  y: number;
}
export const sum = ({ x, y }: Pair): number => Math.min(x + y, limits.most);
`,
  'course.ts': `import { KernelError } from '../src/jupyter';
export { KernelError };
`,
  'data.json': `{ "most": 100, "words": ["one", "two"] }`,
  'util.js': `export const shout = (text) => text.toUpperCase() + '!';\n`,
  'common.cjs': `module.exports = { kind: 'common' };\n`,
  'deep/index.ts': `export default class Deep {\n  depth = 3;\n}\n`,
  'node_modules/mypkg/package.json': `{ "name": "mypkg", "version": "1.0.0", "types": "main.d.ts", "main": "main.js" }`,
  'node_modules/mypkg/main.js': `exports.half = (n) => n / 2;\n`,
  'node_modules/mypkg/main.d.ts': `export declare function half(n: number): number;\n`,
  '../above.ts': `export const above = 'above';\n`,
};

describe('Imports from beside the notebook', () => {
  const parent = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'imports-')));
  const folder = path.join(parent, 'notebooks');
  let kernel: KernelSession;
  before(async () => {
    for (const [name, text] of Object.entries(FILES)) write(name, text);
    kernel = await KernelSession.start(ROOT, folder);
  });
  after(() => kernel.stop());

  function write(name: string, text: string): void {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }

  test('find TypeScript, with its types, and what it imports', async () => {
    const code = `import { add, answer } from './helper';\n[answer, add({ x: 1, y: 2 }), add({ x: 99, y: 9 })]`;
    assert.equal(await kernel.text(code), '[ 42, 3, 100 ]\n');
    assert.match(
      await kernel.text(`add({ x: 1 })`),
      /^TypeScriptError: 1:5 - Argument of type '{ x: number; }' is not assignable/,
    );
    assert.match(await kernel.text(`import { no } from './helper';`), /no exported member 'no'/);
  });

  test('find JSON, with its types', async () => {
    const code = `import data from './data.json';\ndata.words.map((word) => word.length)`;
    assert.equal(await kernel.text(code), '[ 3, 3 ]\n');
    assert.match(await kernel.text(`data.least`), /Property 'least' does not exist/);
    assert.equal(await kernel.text(`require('./data.json').most`), '100\n');
  });

  test('find packages, with their types', async () => {
    assert.equal(await kernel.text(`import { half } from 'mypkg';\nhalf(3)`), '1.5\n');
    assert.match(await kernel.text(`half('3')`), /Argument of type 'string'/);
    assert.equal(await kernel.text(`require('mypkg').half(5)`), '2.5\n');
    assert.match(await kernel.text(`require.resolve('mypkg')`), /notebooks\/node_modules\/mypkg/);
  });

  test('find JavaScript, folders, and files above', async () => {
    const code = `import { shout } from './util';
import { shout as again } from './util.js';
import { answer } from './helper.ts';
import common from './common.cjs';
import Deep from './deep';
import { above } from '../above';
[shout('a'), again === shout, answer, common.kind, new Deep().depth, above]`;
    assert.equal(await kernel.text(code), `[ 'A!', true, 42, 'common', 3, 'above' ]\n`);
    assert.equal(await kernel.text(`(await import('./helper')).answer`), '42\n');
  });

  test('find the wings and packages of the course, also from such a file', async () => {
    const code = `import { KernelError } from '../src/jupyter';
import { KernelError as same } from './course';
import * as tf from '@tensorflow/tfjs-core';
[same === KernelError, typeof tf.matMul]`;
    assert.equal(await kernel.text(code), `[ true, 'function' ]\n`);
  });

  test('show the line of an error', async () => {
    const text = await kernel.text(`import { fail } from './helper';\nfail();`);
    assert.match(
      text,
      /^RangeError: from the helper\n {4}at .*helper\.ts:6:9\)?\n {4}at In\[\d+\]:2:/,
    );
  });

  test('notice a change, and a new file', async () => {
    assert.match(
      await kernel.text(`import { late } from './late';`),
      /Cannot find module '.\/late'/,
    );
    write('late.ts', `export const late = 1;\n`);
    assert.equal(await kernel.text(`import { late } from './late';\nlate`), '1\n');
    write('late.ts', `export const late = 2;\n`);
    assert.equal(await kernel.text(`import { late } from './late';\nlate`), '2\n');
    write('data.json', `{ "most": 1, "words": [] }`);
    assert.equal(await kernel.text(`import { add } from './helper';\nadd({ x: 2, y: 2 })`), '1\n');
  });

  test('report a mistake in the file, and what is missing', async () => {
    write('broken.ts', `export const x = ;\n`);
    assert.match(
      await kernel.text(`require('./broken')`),
      /^SyntaxError: broken.ts:1:18 - Expression/,
    );
    assert.match(
      await kernel.text(`require('./missing')`),
      /^Error: Cannot find module '.\/missing'/,
    );
    assert.equal(kernel.terminal(), '');
  });
});
