import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KernelSession } from './session';

const NAMES = `const read = async (values: number[]) => new Float32Array(values);
async function mergeLora(model: string): Promise<string[]> { return [model]; }
const tensor = { data: async () => [7, 8], save: async () => { return; } };
async function* train({ steps }: { steps: number }) { for (let i = 0; i < steps; i++) yield i; }
const either = (now: boolean): void | Promise<void> => { if (!now) return mergeLora('').then(() => undefined); };
const w = [1, 2], i = 1;`;

describe('A forgotten await in the Jupyter kernel', () => {
  let kernel: KernelSession;
  before(async () => {
    kernel = await KernelSession.start();
    assert.equal(await kernel.text(NAMES), '');
  });
  after(() => kernel.stop());

  test('is an error where an element of the promise is read', async () => {
    const cases = {
      'read(w)[0]':
        "9 - Element 0 does not exist on type 'Promise<Float32Array>'. Write `(await read(w))[0]`.",
      'const first = tensor.data()[i + 1];':
        "29 - Element i + 1 does not exist on type 'Promise<number[]>'. Write `(await tensor.data())[i + 1]`.",
      'const f = async () => tensor.data()?.[1];':
        "39 - Element 1 does not exist on type 'Promise<number[]>'. Write `(await tensor.data())[1]`.",
      'const p = read([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]); read([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])[0]':
        "118 - Element 0 does not exist on type 'Promise<Float32Array>'. Write `(await ...)[0]`.",
    };
    for (const [code, error] of Object.entries(cases)) {
      assert.equal(await kernel.text(code), `TypeScriptError: 1:${error}`, code);
    }
    const fine = `[(await read(w))[0], (await tensor.data())[i], [read(w)][0] instanceof Promise]`;
    assert.equal(await kernel.text(fine), '[ 1, 8, true ]\n');
    assert.equal(await kernel.text(`(tensor.data() as any)[0] ?? 'none'`), 'none\n');
  });

  test('is an error where an element of a tensor is read, and nowhere else', async () => {
    const tensors = `import * as tf from '@tensorflow/tfjs';
      const t = tf.tensor2d([[1, 2], [3, 4]]), v = tf.variable(t), list = [t, v];
      const one: tf.Tensor | tf.Tensor[] = list;
      const named: { [name: string]: tf.Tensor } = { t };`;
    await kernel.text(tensors); // tfjs may greet
    const error = (index: string, type: string, t: string) =>
      `Element ${index} does not exist on type '${type}'. A tensor has no [${index}]: write \`${t}.slice(${index}, 1)\` or \`${t}.gather(${index})\` for a tensor, \`(await ${t}.array())[${index}]\` for numbers.`;
    const cases = {
      't[0]': `3 - ${error('0', 'Tensor2D', 't')}`,
      'v[i].print()': `3 - ${error('i', 'Variable<Rank.R2>', 'v')}`,
      'const first = (x: tf.Tensor) => x[0];': `35 - ${error('0', 'Tensor<Rank>', 'x')}`,
    };
    for (const [code, text] of Object.entries(cases)) {
      assert.equal(await kernel.text(code), `TypeScriptError: 1:${text}`, code);
    }
    const fine = `[list[0] === t, one[1] === v, named['t'] === t, t['shape'][0], (await t.array())[1],
      t.shape[1], (await t.data())[3], (t as any)[0], t.gather(1).shape[0], t.slice(1, 1).size]`;
    assert.match(
      (await kernel.text(fine)).replace(/\s+/g, ' '),
      /true, true, true, 2, \[ 3, 4 \], 2, 4, undefined, 2, 2/,
    );
  });

  /** Runs a cell that warns once or never, and returns the lines of its warnings. */
  async function warningsOf(code: string): Promise<string> {
    const outputs = await kernel.cell(code);
    assert.ok(!outputs.some(({ type }) => type === 'error'), JSON.stringify(outputs));
    const warned = outputs.filter(({ content }) => content.name === 'stderr');
    return warned.map(({ content }) => content.text).join('');
  }

  test('is told before the cell runs, where a statement is a call that nothing waits for', async () => {
    const told = (place: string, name: string, call = `${name}(...)`) =>
      `Warning: ${place} - ${name} returns a Promise, and nothing waits for it. ` +
      `Write \`await ${call}\`, or \`void ${call}\` if nothing is to wait.\n`;
    const cases = {
      "mergeLora('a');\nconsole.log(1);": told('1:1', 'mergeLora'),
      "console.log(1);\n  (mergeLora('a'));\ntensor.save();":
        told('2:3', 'mergeLora') + told('3:1', 'tensor.save', 'tensor.save()'),
      "if (w) { mergeLora('a'); }": told('1:10', 'mergeLora'),
      "const inner = async () => {\n  await read(w);\n  mergeLora('b');\n};": told(
        '3:3',
        'mergeLora',
      ),
      "Promise.all([mergeLora('a')]);\n1": told('1:1', 'Promise.all'),
      '[tensor][0].save();\n1': told('1:1', 'save', 'save()'),
      "await (mergeLora('a'));\nmergeLora('b');": told('2:1', 'mergeLora'),
    };
    for (const [code, warning] of Object.entries(cases)) {
      assert.equal(await warningsOf(code), warning, code);
    }
    assert.match(await kernel.text("console.log('ran');\ntensor.save();"), /^Warning: [^]*\nran\n/);
  });

  test('is told where an asynchronous generator is awaited or only called', async () => {
    const write = 'Write `for await (const step of train(...)) { ... }`.\n';
    const cases = {
      'await train({ steps: 2 });\n1': `Warning: 1:1 - train gives steps to iterate, and awaiting it does nothing. ${write}`,
      'train({ steps: 2 });\n1': `Warning: 1:1 - train gives steps to iterate, and nothing iterates it. ${write}`,
      'const steps = await train({ steps: 2 });': `Warning: 1:15 - train gives steps to iterate, and awaiting it does nothing. ${write}`,
    };
    for (const [code, warning] of Object.entries(cases)) {
      assert.equal(await warningsOf(code), warning, code);
    }
  });

  test('is not told where nothing is forgotten', async () => {
    const silent = [
      "await mergeLora('a');",
      "void mergeLora('a');",
      "const promise = mergeLora('a');\nlet later;\nlater = mergeLora('b');",
      "mergeLora('a').then(() => undefined);\nmergeLora('a').catch(() => undefined).finally(() => 0);",
      "[1].forEach(() => mergeLora('a'));",
      "setTimeout(() => { mergeLora('a'); }, 0);",
      "function start() { mergeLora('a'); }\nstart();",
      "(async () => { await mergeLora('a'); })();",
      "await (async () => mergeLora('a'))();",
      "const names = await Promise.all([1].map(async () => { return mergeLora('a'); }));",
      'Promise.resolve(5)',
      'either(true);',
      'for await (const step of train({ steps: 2 })) console.log(step);',
      'const training = train({ steps: 1 });\nawait training.next();',
      'console.log(w); w.push(3); (w as any).at(0);',
    ];
    for (const code of silent) assert.equal(await warningsOf(code), '', code);
  });
});
