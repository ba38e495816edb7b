import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KernelSession, type Output } from './session';

describe('kernel errors', () => {
  let kernel: KernelSession;
  before(async () => {
    kernel = await KernelSession.start();
  });
  after(() => kernel.stop());

  /** Runs a cell that fails; its error message with the cell's own number left out. */
  async function fail(code: string): Promise<Output['content']> {
    const { replies, outputs } = await kernel.run([code]);
    const errors = (outputs[0] ?? []).filter(({ type }) => type === 'error');
    const [error] = errors;
    assert.equal(errors.length, 1, JSON.stringify(outputs));
    assert.ok(error);
    const { ename, evalue, traceback = [] } = error.content;
    const reply = replies[0];
    assert.deepEqual(
      [reply?.status, reply?.['ename'], reply?.['evalue'], reply?.['traceback']],
      ['error', ename, evalue, traceback],
    );
    return {
      ...error.content,
      traceback: traceback.map((line) => line.replace(/In\[\d+\]/, 'In')),
    };
  }

  test('a throw names its line', async () => {
    const error = await fail(`const a = 1;\n\nthrow new RangeError('too far');`);
    assert.deepEqual(error, {
      ename: 'RangeError',
      evalue: 'too far',
      traceback: ['RangeError: too far', '    at In:3:7'],
    });
  });

  test('a throw in a function names both lines, below types and imports that leave no code', async () => {
    const { traceback } = await fail(`import fs from 'node:fs';
import type { Stats } from 'node:fs';
interface Pair { x: number; y: number }

function half(pair: Pair): number {
  if (pair.x > 1)
    throw new Error('bad pair');
  return pair.x / 2;
}
const stats: Stats = fs.statSync('.');
const pairs: Pair[] = [
  { x: 1, y: 2 }, { x: 2, y: 3 } ];
pairs.map((pair) =>
  half(pair));`);
    assert.deepEqual(traceback, [
      'Error: bad pair',
      '    at half (In:7:11)',
      '    at In:14:3',
      '    at In:13:7',
    ]);
  });

  test('a function of an earlier cell names that cell', async () => {
    await kernel.cell(`/* the first line */\nfunction boom(): never {\n  throw new Error('x');\n}`);
    const { outputs } = await kernel.run(['boom();']);
    const [head, inner, outer] = outputs[0]?.find(({ type }) => type === 'error')?.content
      .traceback ?? [''];
    const cell = (frame = ''): number => Number(/In\[(\d+)\]/.exec(frame)?.[1]);
    assert.equal(head, 'Error: x');
    assert.match(inner ?? '', /at boom \(In\[\d+\]:3:9\)/);
    assert.match(outer ?? '', /at In\[\d+\]:1:1$/);
    assert.equal(cell(outer) - cell(inner), 1);
  });

  test('a rejection below a top-level await names its line', async () => {
    const { ename, traceback } = await fail(`type Unused = string;
await Promise.resolve();

async function later(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  JSON.parse('{');
}
await later();`);
    assert.equal(ename, 'SyntaxError');
    assert.deepEqual(traceback?.slice(1), ['    at later (In:6:8)', '    at async In:8:1']);
  });

  test('type errors are an error message, one line each, and the cell does not run', async () => {
    const code = `console.log('ran');\nconst n: number = 'one';\nmissing();`;
    const { outputs } = await kernel.run([code]);
    assert.ok(!(outputs[0] ?? []).some(({ type }) => type === 'stream'));
    const error = await fail(code);
    assert.deepEqual(error, {
      ename: 'TypeScriptError',
      evalue:
        "2:7 - Type 'string' is not assignable to type 'number'.\n" +
        "3:1 - Cannot find name 'missing'.",
      traceback: [
        "TypeScriptError: 2:7 - Type 'string' is not assignable to type 'number'.",
        "TypeScriptError: 3:1 - Cannot find name 'missing'.",
      ],
    });
  });

  test('frames of packages are left out', async () => {
    const { ename, traceback } = await fail(`import * as tf from '@tensorflow/tfjs-core';
tf.matMul([[1, 2]], [[1, 2]]);`);
    assert.equal(ename, 'Error');
    assert.deepEqual(traceback?.slice(1), ['    at In:2:4']);
  });

  test('the cause is told too', async () => {
    const { traceback } = await fail(`class LessonError extends Error {
  override name = 'LessonError';
}
throw new LessonError('outer', { cause: new Error('inner') });`);
    assert.deepEqual(traceback, [
      'LessonError: outer',
      '    at In:4:7',
      'Caused by:',
      'Error: inner',
      '    at In:4:41',
    ]);
  });

  test('a last value that cannot be printed is an error of the cell', async () => {
    const { evalue } = await fail(`import { inspect } from 'node:util';
({ [inspect.custom]() { throw new Error('no picture of me'); } })`);
    assert.equal(evalue, 'no picture of me');
  });

  test('a thrown value that is no error is shown as it is', async () => {
    assert.deepEqual(await fail(`throw { code: 7 };`), {
      ename: 'Thrown',
      evalue: '{ code: 7 }',
      traceback: ['Thrown: { code: 7 }'],
    });
  });
});
