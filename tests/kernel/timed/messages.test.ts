import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KernelSession, shown, textOf } from '../session';

describe('Messages of the Jupyter kernel', () => {
  let kernel: KernelSession;
  before(async () => {
    kernel = await KernelSession.start();
  });
  after(() => kernel.stop());

  test('arrive complete and in order in a burst of 10,000 lines, and the cell ends', async () => {
    const { replies, idle, outputs } = await kernel.run(
      ['for (let i = 0; i < 10_000; i++) console.log(`line ${i}`);'],
      { timeout: 20 },
    );
    const lines = Array.from({ length: 10_000 }, (_, i) => `line ${i}\n`);
    assert.equal(textOf(outputs[0] ?? []), lines.join(''));
    assert.deepEqual([replies[0]?.status, idle[0]], ['ok', true]);
    // Jupyter's server drops what comes faster than 1,000 messages a second.
    assert.ok(shown(outputs[0] ?? []).length < 1000, `${outputs[0]?.length} messages`);
  });

  test('arrive complete in a burst of 3,000 displays, one message each', async () => {
    const { idle, outputs } = await kernel.run(
      [
        `import { display } from '../src/jupyter';
         for (let i = 0; i < 3_000; i++) display({ 'text/plain': String(i) });`,
      ],
      { timeout: 20 },
    );
    const numbers = shown(outputs[0] ?? []).map(({ content }) =>
      Number(content.data?.['text/plain']),
    );
    assert.deepEqual(numbers, [...Array(3000).keys()]);
    assert.equal(idle[0], true);
  });

  test('arrive for each of 1,000 cells, and no cell stays busy', async () => {
    const cells = Array.from({ length: 1000 }, (_, i) => `console.log(${i}); console.error('e');`);
    const { replies, idle, outputs } = await kernel.run(cells, { timeout: 60 });
    const wrong = outputs.flatMap((output, i) => (textOf(output) === `${i}\ne\n` ? [] : [i]));
    assert.deepEqual(wrong, []);
    assert.equal(replies.filter((reply) => reply?.status === 'ok').length, 1000);
    assert.equal(idle.filter(Boolean).length, 1000);
  });

  test('arrive while a synchronous cell is still running', async () => {
    const { outputs } = await kernel.run([
      `for (let i = 0; i < 3; i++) {
         console.log(i);
         const end = Date.now() + 20;
         while (Date.now() < end);
       }`,
    ]);
    assert.deepEqual(
      shown(outputs[0] ?? []).map(({ content }) => content.text),
      ['0\n', '1\n', '2\n'],
    );
  });

  test('hold no half of a surrogate pair, which no notebook could save', async () => {
    const outputs = await kernel.cell(`import { display } from '../src/jupyter';
const half = '😀'.slice(0, 1);
console.log(half);
console.error([half]);
display({ 'text/plain': half, 'application/json': { [half]: [half] } });
'hi 😀'.split('')`);
    const { replies } = await kernel.run([
      `const half: any = 'a\\ud83db';
throw Object.assign(new Error(half, { cause: new Error(half) }), { name: half });`,
    ]);
    const text = JSON.stringify([outputs, replies]);
    // A single escape is half a pair; `inspect` itself writes two backslashes.
    assert.doesNotMatch(text, /(?<!\\)\\ud[89a-f]/);
    assert.equal(text.match(/\ufffd/g)?.length, 9);
    assert.equal(await kernel.text(`console.log('\\\\ud83d 😀')`), '\\ud83d 😀\n');
  });

  test('decode bytes that are split between writes, and encoded text', async () => {
    const cells = {
      '€': `process.stdout.write(Buffer.from([0xe2])); process.stdout.write(Buffer.from([0x82, 0xac]));`,
      '😀': `for (const byte of Buffer.from('😀')) process.stdout.write(new Uint8Array([byte]));`,
      abc: `process.stdout.write('616263', 'hex');`,
      'ü€': `process.stdout.write('w7zigqw=', 'base64');`,
      '\ufffdx': `process.stdout.write(Buffer.from([0xe2])); process.stdout.write('x', 'utf8');`,
      ab: `await new Promise<void>((done) => process.stdout.write('6162', 'hex', () => done()));`,
      'one€two€': `import { Readable } from 'node:stream';
const chunks = [[...Buffer.from('one'), 0xe2], [0x82], [0xac, ...Buffer.from('two€')]];
for await (const chunk of Readable.from(chunks.map((bytes) => Buffer.from(bytes)))) process.stdout.write(chunk);`,
    };
    for (const [text, code] of Object.entries(cells)) {
      assert.equal(await kernel.text(`${code}\nnull`), text);
    }
    // Streams and cells do not mix their bytes.
    const [out, err] = [
      `process.stdout.write(Buffer.from([0xe2]));`,
      `process.stderr.write(Buffer.from([0x82])); null`,
    ];
    const { outputs } = await kernel.run([
      out + err,
      `process.stdout.write(Buffer.from([0xac, 65])); null`,
    ]);
    assert.deepEqual(outputs.map(textOf), ['\ufffd\ufffd', '\ufffdA']);
    assert.match(
      await kernel.text(`process.stdout.write('x', 'no' as any)`),
      /Unknown encoding: no/,
    );
  });

  test('are not indented by a group that an earlier cell has left open', async () => {
    const cells = [
      `console.group('g'); console.group(); console.log('in');`,
      `console.group('g'); throw new Error('inside');`,
      `await Promise.resolve(); console.groupCollapsed('g'); throw new Error('inside');`,
      `console.groupEnd(); console.groupEnd(); console.group('g');`,
    ];
    for (const code of cells) {
      const inside = await kernel.text(code);
      assert.match(inside, /^g\n/);
      assert.equal(await kernel.text(`console.log('a'); console.error('b'); 3`), 'a\nb\n3\n', code);
    }
    assert.equal(
      await kernel.text(
        `console.group('a'); console.log('b'); console.groupEnd(); console.log('c');`,
      ),
      'a\n  b\nc\n',
    );
  });

  test('include what fs.writeSync writes to stdout and stderr', async () => {
    const code = `import fs from 'node:fs';
console.log('a');
const sizes = [
  fs.writeSync(1, 'b€\\n'), fs.writeSync(2, Buffer.from('c\\n')),
  fs.writeSync(1, Buffer.from('-d-'), 1, 1), fs.writeSync(1, '0a', null, 'hex'),
];
console.log(sizes);`;
    const outputs = await kernel.cell(code);
    assert.equal(textOf(outputs), 'a\nb€\nc\nd\n[ 5, 2, 1, 1 ]\n');
    assert.deepEqual(
      outputs.filter(({ content }) => content.name === 'stderr').map(({ content }) => content.text),
      ['c\n'],
    );
  });

  test('arrive from a cell that is only a `for await` loop', async () => {
    await kernel.text('async function* count() { yield 1; yield 2; }');
    assert.equal(await kernel.text('for await (const n of count()) console.log(n);'), '1\n2\n');
  });

  test('show variables of earlier cells in shorthand properties and destructuring targets', async () => {
    await kernel.text('let near = 1, far = 2;');
    const code = '({ far } = { far: 3 }); const f = (near: number) => ({ near, far });';
    assert.equal(await kernel.text(`${code} console.log({ near, far }, f(7));`), SHORT_FORMS);
    assert.equal(await kernel.text('console.log(far)'), '3\n');
  });

  test('belong to the cell that started a timer', async () => {
    const { ids } = await kernel.run([`setTimeout(() => console.log('late'), 150); 1`, '2']);
    const late = await kernel.listen(0.5);
    assert.deepEqual(
      late.map(({ content, parent }) => [content.text, parent]),
      [['late\n', ids[0]]],
    );
  });

  test('report uncaught errors below the cell, and the kernel keeps running', async () => {
    const text = await kernel.text(
      `setTimeout(() => { throw new RangeError('stray'); }, 10);
       void Promise.reject(new TypeError('rejected'));
       await new Promise((resolve) => setTimeout(resolve, 100));`,
    );
    assert.match(text, /Unhandled rejection.*\nTypeError: rejected\n {4}at In\[\d+\]:2:28/);
    assert.match(text, /Uncaught exception:\nRangeError: stray\n.*In\[\d+\]:1:26/);
    assert.equal(await kernel.text('1 + 1'), '2\n');
  });

  test('include replies to kernel_info, comm_info and history requests', async () => {
    const info = await kernel.request('kernel_info_request', {});
    assert.equal(info.type, 'kernel_info_reply');
    assert.equal(info.content['protocol_version'], '5.3');
    assert.equal(info.content['implementation'], 'tslab');
    assert.equal(info.content['implementation_version'], '1.0.22');
    const language = info.content['language_info'] as Record<string, unknown>;
    assert.equal(language['name'], 'typescript');
    assert.equal(language['version'], '5.0.4');
    assert.equal(language['file_extension'], '.ts');
    assert.equal(language['mimetype'], 'text/typescript');
    assert.deepEqual(await kernel.request('comm_info_request', { target_name: 'jupyter.widget' }), {
      type: 'comm_info_reply',
      content: { status: 'ok', comms: {} },
    });
    const history = await kernel.request('history_request', { hist_access_type: 'tail', n: 10 });
    assert.equal(history.type, 'history_reply');
  });

  test('leave the terminal that started the kernel empty', async () => {
    await kernel.cell(`process.emitWarning('old', 'DeprecationWarning'); console.log('x');`);
    assert.equal(kernel.terminal(), '');
  });

  test('include the restart flag in the shutdown reply, and open handles do not delay the end', async () => {
    await kernel.cell(`import net from 'node:net';
      const server = net.createServer().listen(0);
      const endless = setInterval(() => undefined, 10);`);
    const end = (await kernel.call('shutdown', { restart: true })) as {
      content: { restart: boolean };
      alive: boolean;
      seconds: number;
    };
    assert.equal(end.content.restart, true);
    assert.equal(end.alive, false);
    assert.ok(end.seconds < 2, `took ${end.seconds} s`);
  });
});

const SHORT_FORMS = '{ near: 1, far: 3 } { near: 7, far: 3 }\n';
