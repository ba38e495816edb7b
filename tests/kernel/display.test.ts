import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KernelSession } from './session';

describe('Display of the Jupyter kernel', () => {
  let kernel: KernelSession;
  before(async () => {
    kernel = await KernelSession.start();
    const imported = await kernel.text(
      `import { clearOutput, display, newDisplay, newLiveDisplay } from '../src/jupyter';`,
    );
    assert.equal(imported, '');
  });
  after(() => kernel.stop());

  test('sends a bundle of several forms: JSON unchanged, bytes as base64', async () => {
    const [output, ...others] = await kernel.cell(
      `const figure = { data: [{ y: [1, 2] }], layout: { title: { text: 'up' } } };
display({
  'application/vnd.plotly.v1+json': figure,
  'image/svg+xml': '<svg/>',
  'image/png': new Uint8Array([1, 2, 3]),
  'text/plain': 'y goes up',
});`,
    );
    assert.deepEqual(others, []);
    assert.equal(output?.type, 'display_data');
    assert.deepEqual(output.content.data, {
      'application/vnd.plotly.v1+json': {
        data: [{ y: [1, 2] }],
        layout: { title: { text: 'up' } },
      },
      'image/svg+xml': '<svg/>',
      'image/png': 'AQID',
      'text/plain': 'y goes up',
    });
  });

  test('updates a display in its place, from later cells too', async () => {
    const outputs = await kernel.cell(
      `const chart = newDisplay();
const other = newDisplay();
chart.show({ 'text/plain': 'first' });
other.show({ 'text/plain': 'other' });
chart.show({ 'text/plain': 'second' });`,
    );
    outputs.push(...(await kernel.cell(`chart.show({ 'text/html': 'third' });`)));
    const [first, other] = outputs.map(({ content }) => content.transient?.display_id);
    assert.ok(first);
    assert.notEqual(first, other);
    assert.deepEqual(
      outputs.map(({ type, content }) => [type, content.data, content.transient?.display_id]),
      [
        ['display_data', { 'text/plain': 'first' }, first],
        ['display_data', { 'text/plain': 'other' }, other],
        ['update_display_data', { 'text/plain': 'second' }, first],
        ['update_display_data', { 'text/html': 'third' }, first],
      ],
    );
  });

  test('redraws a live display at most four times a second, as Plotly only at the end', async () => {
    const outputs = await kernel.cell(
      `const live = newLiveDisplay();
const plotly = 'application/vnd.plotly.v1+json';
let made = 0;
for (const start = Date.now(); Date.now() - start < 900; ) {
  live.update(() => ({ [plotly]: {}, 'text/plain': String(++made) }));
  await new Promise((go) => setTimeout(go, 5));
}
live.end({ [plotly]: {}, 'text/plain': 'end' });
console.log(made);`,
    );
    const shown = outputs.flatMap(({ content }) => (content.data ? [content.data] : []));
    const made = shown.length - 1;
    assert.ok(made >= 2 && made <= 4, `${made} drawings`);
    assert.equal(outputs.at(-1)?.content.text, `${made}\n`);
    assert.deepEqual(shown, [
      ...Array.from({ length: made }, (_, i) => ({ 'text/plain': `${i + 1}` })),
      { 'application/vnd.plotly.v1+json': {}, 'text/plain': 'end' },
    ]);
    assert.equal(new Set(outputs.map(({ content }) => content.transient?.display_id)).size, 2);
  });

  test('keeps the order of clearOutput, text and displays', async () => {
    const outputs = await kernel.cell(
      `for (let i = 0; i < 400; i++) process.stdout.write('.');
clearOutput();
console.log('kept');
clearOutput({ wait: true });
display({ 'text/plain': 'last' });`,
    );
    const dots = outputs.findIndex(({ type }) => type === 'clear_output');
    const before = outputs.slice(0, dots).map(({ content }) => content.text);
    assert.equal(before.join(''), '.'.repeat(400));
    assert.deepEqual(
      outputs.slice(dots).map(({ type, content }) => content.text ?? content['wait'] ?? type),
      [false, 'kept\n', true, 'display_data'],
    );
  });

  test('shows promises, timers and handles without internals of the kernel', async () => {
    const values = {
      'Promise.resolve(5)': 'Promise { 5 }',
      '[Promise.resolve({ a: Promise.resolve(1) })]': '[ Promise { { a: [Promise] } } ]',
      '(async () => await 1)()': 'Promise { <pending> }',
      'new (class Later extends Promise<number> {})((go) => go(1))': 'Later [Promise] { 1 }',
      'Object.assign(Promise.resolve(1), { mine: 2 })': 'Promise { 1, mine: 2 }',
      'console.log(Promise.resolve(7), String(Promise.resolve()))':
        'Promise { 7 } [object Promise]',
    };
    for (const [code, text] of Object.entries(values)) {
      assert.equal(await kernel.text(code), `${text}\n`, code);
    }
    const others = [
      'setTimeout(() => undefined, 1)',
      'setImmediate(() => undefined)',
      `(await import('node:child_process')).spawn('true')`,
      `(await import('node:net')).createServer().listen(0).unref()`,
    ];
    for (const code of others) {
      const text = await kernel.text(
        `import { inspect } from 'node:util';\nconsole.log(inspect(${code}, { depth: 9 }))`,
      );
      assert.match(text, /^\S*.*\{/);
      assert.doesNotMatch(text, /kResourceStore|msg_id/, code);
    }
  });

  test('shows shape, dtype and values of a tensor', async () => {
    await kernel.cell(`import * as tf from '@tensorflow/tfjs';
await tf.setBackend('cpu');
const freed = tf.scalar(1);
freed.dispose();`);
    const values = {
      'tf.tensor2d([[1, 2], [3, 4.5]])': 'Tensor [2, 2] float32\n    [[1, 2  ],\n     [3, 4.5]]',
      'tf.scalar(3, "int32")': 'Tensor [] int32\n    3',
      'tf.tensor1d(["a", "b"])': `Tensor [2] string\n    ['a', 'b']`,
      'tf.variable(tf.tensor1d([true], "bool"))': 'Variable [1] bool\n    [true]',
      'tf.zeros([0, 3])': 'Tensor [0, 3] float32\n     []',
      freed: 'Tensor [] float32, disposed',
      '({ loss: tf.scalar(0.5), w: [tf.ones([2, 2]), tf.ones([20, 30])] })': `{
  loss: Tensor [] float32 0.5,
  w: [ Tensor [2, 2] float32 [[1, 1], [1, 1]], Tensor [20, 30] float32 ]
}`,
      'console.log("w", tf.scalar(1))': 'w Tensor [] float32\n    1',
      'tf.scalar(3).toString()': 'Tensor\n    3',
    };
    for (const [code, text] of Object.entries(values)) {
      assert.equal(await kernel.text(code), `${text}\n`, code);
    }
    const large = await kernel.text('tf.range(0, 10_000)');
    assert.match(large, /^Tensor \[10000\] float32\n {4}\[0, 1, 2, \.\.\., 9997, 9998, 9999\]\n$/);
  });

  test('shows what the list methods of ES2023 return, and knows their types', async () => {
    const text = await kernel.text(`const sorted: number[] = [3, 1, 2].toSorted((a, b) => a - b);
const last = sorted.findLastIndex((one) => one < 3);
[sorted, sorted.with(0, 9), sorted.toReversed(), sorted.toSpliced(0, 2), last]`);
    assert.equal(text, '[ [ 1, 2, 3 ], [ 9, 2, 3 ], [ 3, 2, 1 ], [ 3 ], 1 ]\n');
    const { outputs } = await kernel.run(['const word: string = [1].toSorted()[0];']);
    assert.match(JSON.stringify(outputs), /Type 'number' is not assignable to type 'string'/);
  });

  test("supports tslab's own display", async () => {
    const outputs = await kernel.cell(
      `import * as tslab from 'tslab';
tslab.display.html('<b>x</b>');
const own = tslab.newDisplay();
own.text('1');
own.text('2');`,
    );
    assert.deepEqual(
      outputs.map(({ type, content }) => [type, content.data]),
      [
        ['display_data', { 'text/html': '<b>x</b>' }],
        ['display_data', { 'text/plain': '1' }],
        ['update_display_data', { 'text/plain': '2' }],
      ],
    );
  });
});
