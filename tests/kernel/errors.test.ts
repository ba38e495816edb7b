import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KernelSession, type Output } from './session';

describe('Errors of the Jupyter kernel', () => {
  let kernel: KernelSession;
  before(async () => {
    kernel = await KernelSession.start();
  });
  after(() => kernel.stop());

  /** Runs a cell that fails, and returns its error message without the cell's number. */
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

  test('name the line of a throw', async () => {
    const error = await fail(`const a = 1;\n\nthrow new RangeError('too far');`);
    assert.deepEqual(error, {
      ename: 'RangeError',
      evalue: 'too far',
      traceback: ['RangeError: too far', '    at In:3:7'],
    });
  });

  test('name the lines of a function and its caller, after types and imports that compile to nothing', async () => {
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

  test('name the earlier cell that defines a function', async () => {
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

  test('name the line of a rejection behind a top-level await', async () => {
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

  test('list type errors, one a line, and the cell does not run', async () => {
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

  test('say once that tensors have no operators, where an operand is a tensor', async () => {
    const advice =
      'Tensors have no operators: a.add(b), a.sub(b), a.mul(b), a.div(b), tf.matMul(a, b).';
    const number = "must be of type 'any', 'number', 'bigint' or an enum type.";
    const tensors = 'class Tensor { at = 1; }\nconst [a, b] = [new Tensor(), new Tensor()];';
    const cases = {
      'a + 2': [`1 - Operator '+' cannot be applied to types 'Tensor' and 'number'.\n${advice}`],
      '2 * a * b': [
        `5 - The right-hand side of an arithmetic operation ${number}\n${advice}`,
        `9 - The right-hand side of an arithmetic operation ${number}`,
      ],
      '[a][0] / 2': [`1 - The left-hand side of an arithmetic operation ${number}\n${advice}`],
      '[1] * a.at': [`1 - The left-hand side of an arithmetic operation ${number}`],
      "'1' - a.at": [`1 - The left-hand side of an arithmetic operation ${number}`],
    };
    for (const [code, lines] of Object.entries(cases)) {
      const { evalue } = await fail(`${tensors}\n${code};`);
      assert.equal(evalue, lines.map((line) => `3:${line}`).join('\n'), code);
    }
  });

  test('say what Python has and TypeScript has not', async () => {
    const tensors = `class Tensor {
  size = 1;
  shape = [1];
}
const [a, b, i, list] = [new Tensor(), new Tensor(), 0, [1]];`;
    const cases = {
      'a.T': 'Tensors have no T: a.transpose(), or tf.matMul(a, b, false, true) for a times bᵀ.',
      'a.size(0)': 'Tensors have sizes in a list: a.shape[0] is that of the first axis.',
      'a.shape()': 'Tensors have sizes in a list: a.shape[0] is that of the first axis.',
      'console.log(a @ b)': 'Tensors have no operator @: a product of matrices is tf.matMul(a, b).',
      'list[i // 2];\n1': 'Two slashes begin a comment: a whole quotient is Math.floor(a / b).',
    };
    for (const [code, advice] of Object.entries(cases)) {
      const { evalue = '' } = await fail(`${tensors}\n${code};`);
      assert.equal(evalue.split(`\n${advice}`).length, 2, `${code}: ${evalue}`);
    }
    const { evalue = '' } = await fail('const list = [1, // one\n2;');
    assert.doesNotMatch(evalue, /Two slashes/);
  });

  test('say that a name is taken, and later cells run', async () => {
    for (const [code, name, place] of [
      ['const exports = 3', 'exports', '1:7'],
      ['const require = 1', 'require', '1:7'],
      ['\nlet __proto__ = {}', '__proto__', '2:5'],
    ]) {
      const { evalue } = await fail(code ?? '');
      assert.equal(
        evalue,
        `${place} - The name '${name}' is taken: compiled cells use it. Choose another name.`,
      );
      assert.equal(await kernel.text(`const fine = require('node:path').sep; fine`), '/\n');
    }
    const allowed =
      'const module = 1, toString = 2, constructor = 3; [module, toString, constructor]';
    assert.equal(await kernel.text(allowed), '[ 1, 2, 3 ]\n');
    assert.equal(await kernel.text('[module, toString, constructor]'), '[ 1, 2, 3 ]\n');
  });

  test('leave out the frames of packages', async () => {
    const { ename, traceback } = await fail(`import * as tf from '@tensorflow/tfjs-core';
tf.matMul([[1, 2]], [[1, 2]]);`);
    assert.equal(ename, 'Error');
    assert.deepEqual(traceback?.slice(1), ['    at In:2:4']);
  });

  test('include the cause', async () => {
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

  test('include a last value that cannot be printed', async () => {
    const { evalue } = await fail(`import { inspect } from 'node:util';
({ [inspect.custom]() { throw new Error('no picture of me'); } })`);
    assert.equal(evalue, 'no picture of me');
  });

  test('show a thrown value that is no Error', async () => {
    assert.deepEqual(await fail(`throw { code: 7 };`), {
      ename: 'Thrown',
      evalue: '{ code: 7 }',
      traceback: ['Thrown: { code: 7 }'],
    });
  });

  test('survive a thrown value whose properties throw', async () => {
    const hostile = {
      getter: `throw Object.defineProperty(new Error(), 'message', { get() { throw 1; } });`,
      proxy: `throw new Proxy({}, { getPrototypeOf() { throw 2; } });`,
      inspect: `throw { [Symbol.for('nodejs.util.inspect.custom')]() { throw 3; } };`,
    };
    for (const [name, code] of Object.entries(hostile)) {
      const { ename, evalue } = await fail(code);
      assert.deepEqual([ename, evalue], ['Thrown', 'a value that cannot be shown'], name);
    }
    const { evalue } = await fail(`throw Object.assign(new Error(), { message: 7n });`);
    assert.equal(evalue, '7');
  });
});
