import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { KernelSession, type Results, shown, textOf } from '../session';

/** Seconds in which a loop of 20 ms steps would print again if it still ran. */
const LATER = 0.3;

describe('Interrupt of the Jupyter kernel', () => {
  let kernel: KernelSession;
  before(async () => {
    kernel = await KernelSession.start();
  });
  after(() => kernel.stop());

  /** Interrupts a cell after its first output, and asserts that it soon fails as interrupted. */
  async function interrupt(code: string, options: object = {}): Promise<Results> {
    const stopped = (await kernel.call('interrupt', {
      code,
      after: 0.15,
      ...options,
    })) as Results & {
      seconds: number;
    };
    const [reply] = stopped.replies;
    assert.deepEqual([reply?.status, reply?.['ename']], ['error', 'Interrupted']);
    assert.equal(stopped.outputs[0]?.filter(({ type }) => type === 'error').length, 1);
    assert.equal(stopped.idle[0], true);
    assert.ok(stopped.seconds < 2, `took ${stopped.seconds} s`);
    return stopped;
  }

  /** Asserts that the kernel runs cells and that the interrupted cell prints nothing more. */
  async function silentAndUsable(): Promise<void> {
    assert.equal(await kernel.text(`console.log('usable')`), 'usable\n');
    assert.deepEqual(await kernel.listen(LATER), []);
  }

  test('stops a synchronous loop and aborts the cells queued behind it', async () => {
    const code = `console.log('go'); while (true) {}`;
    const { replies, outputs } = await interrupt(code, { then: `console.log('queued')` });
    assert.equal(replies[1]?.status, 'aborted');
    assert.deepEqual(shown(outputs[1] ?? []), []);
    await silentAndUsable();
  });

  test('stops a cell that is still being compiled, before it does anything', async () => {
    const long = Array.from({ length: 800 }, (_, i) => `const v${i} = [${i}, 'x'] as const;`);
    for (const rest of [`await new Promise(() => {});`, `while (true) {}`]) {
      const code = `console.log('began');\n${long.join('\n')}\n${rest}`;
      const { outputs } = await interrupt(code, { after: 0.02, awaited: 'execute_input' });
      const types = outputs[0]?.map(({ type }) => type);
      assert.ok(types?.includes('error') && !types.includes('stream'), rest);
    }
    assert.match(JSON.stringify(await kernel.run(['v0'])), /Cannot find name 'v0'/);
    await silentAndUsable();
  });

  test('finds the imports of the loops below', async () => {
    const imports = `import * as tf from '@tensorflow/tfjs-core';
import { promisify } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
[typeof tf.nextFrame, typeof promisify, typeof pause]`;
    assert.equal(await kernel.text(imports), "[ 'function', 'function', 'function' ]\n");
  });

  const yields = {
    setTimeout: 'await new Promise((resolve) => setTimeout(resolve, 20));',
    setImmediate: 'await new Promise((resolve) => setImmediate(resolve));',
    'tf.nextFrame': `await tf.nextFrame();`,
    'timers/promises': 'await pause(20);',
    'util.promisify': 'await promisify(setTimeout)(20);',
  };
  for (const [name, wait] of Object.entries(yields)) {
    test(`stops a loop that yields through ${name} before its next step`, async () => {
      await kernel.cell('const steps = { taken: 0 };');
      await interrupt(`console.log('go');
for (;;) {
  ${wait}
  steps.taken++;
}`);
      const taken = Number(await kernel.text('steps.taken'));
      assert.ok(taken > 0);
      await silentAndUsable();
      assert.equal(Number(await kernel.text('steps.taken')), taken);
    });
  }

  const settled = {
    'await of a settled promise': 'for (;;) { await Promise.resolve(); counted.n++; }',
    'await null': 'while (true) { await null; counted.n++; }',
    'recursion by await':
      'const again = async (): Promise<void> => { await null; counted.n++; return again(); };\nawait again();',
    nextTick:
      'const again = () => { counted.n++; process.nextTick(again); };\nagain(); await new Promise(() => undefined);',
    queueMicrotask:
      'const again = () => { counted.n++; queueMicrotask(again); };\nagain(); await new Promise(() => undefined);',
    then: 'const again = (): Promise<void> => Promise.resolve().then(() => { counted.n++; }).then(again);\nawait again();',
    'for await':
      'async function* endless() { for (;;) yield 1; }\nfor await (const n of endless()) counted.n += n;',
    'a function of an earlier cell': 'await earlier();',
    'a function beside the notebook': `import { beside } from './beside';\nawait beside(counted);`,
  };
  for (const [name, loop] of Object.entries(settled)) {
    test(`stops a loop that never waits: ${name}`, async () => {
      const beside = `export async function beside(counted: { n: number }) {\n  for (;;) { await null; counted.n++; }\n}\n`;
      fs.writeFileSync(path.join(kernel.folder, 'beside.ts'), beside);
      await kernel.cell(`const counted = { n: 0 };
async function earlier() { for (;;) { await null; counted.n++; } }`);
      await interrupt(`console.log('go');\n${loop}`, { then: '1 + 1' });
      const before = Number(await kernel.text('counted.n'));
      assert.ok(before > 1000);
      await silentAndUsable();
      assert.equal(Number(await kernel.text('counted.n')), before);
    });
  }

  test('lets later cells run beside a loop that nobody awaits', async () => {
    await kernel.cell(`const going = { on: true };
void (async () => { while (going.on) await null; })();`);
    assert.equal(await kernel.text('1 + 1'), '2\n');
    assert.equal(await kernel.text('going.on = false; 1 + 1'), '2\n');
  });

  test('keeps value, rejection and order of what is awaited when the event loop turns', async () => {
    const code = `const busy = () => { const end = Date.now() + 60; while (Date.now() < end); };
const order: unknown[] = [];
const thenable = { then: (resolve: (value: unknown) => void) => { order.push('then'); resolve(0); } };
class Own extends Promise<number> {}
const builder = { catch: (value: number) => value, finally() { return this === builder; } };
for (let i = 0; i < 3; i++) {
  busy();
  order.push(await i);
  busy();
  order.push(await Promise.reject(new Error('no')).catch((error: Error) => error.message));
  busy();
  try { await Promise.reject(i); } catch (error) { order.push(error); }
  busy();
  await thenable;
  busy();
  order.push(builder.catch(i), builder.finally(), Own.resolve(1).then(() => 1) instanceof Own);
}
order.join()`;
    const one = (i: number) => `${i},no,${i},then,${i},true,true`;
    assert.equal(await kernel.text(code), `${[0, 1, 2].map(one).join()}\n`);
  });

  test('stops timers that the interrupted cell has started', async () => {
    await kernel.cell('const ticks = { n: 0 };');
    await interrupt(`console.log('go');
setInterval(() => { ticks.n++; console.log('tick'); }, 20);
await new Promise(() => undefined);`);
    const before = Number(await kernel.text('ticks.n'));
    assert.ok(before > 0);
    await silentAndUsable();
    assert.equal(Number(await kernel.text('ticks.n')), before);
  });

  test('drops late output that does not come from timers', async () => {
    await interrupt(`import { spawn } from 'node:child_process';
// Detached: the signal goes to the kernel's process group.
spawn('sleep', ['0.5'], { detached: true }).on('exit', () => console.log('late'));
console.log('go');
await new Promise(() => undefined);`);
    assert.equal(await kernel.text('1 + 1'), '2\n');
    assert.deepEqual(await kernel.listen(0.6), []);
  });

  test('leaves timers of other cells running', async () => {
    await kernel.cell(`const other = { n: 0 };
const timer = setInterval(() => other.n++, 10);`);
    await interrupt(`console.log('go'); await new Promise(() => undefined);`);
    const before = Number(await kernel.text('other.n'));
    await kernel.cell('await new Promise((resolve) => setTimeout(resolve, 60));');
    assert.ok(Number(await kernel.text('clearInterval(timer); other.n')) > before);
  });

  test('works through interrupt_request, which gets a reply', async () => {
    const code = `console.log('go'); await new Promise(() => undefined);`;
    const stopped = await interrupt(code, { through: 'control' });
    assert.deepEqual((stopped as unknown as { control: object }).control, { status: 'ok' });
    await silentAndUsable();
  });

  test('does no harm between cells', async () => {
    await kernel.call('signal');
    assert.equal(textOf(await kernel.cell('1 + 1')), '2\n');
  });

  test('lets timers of native addons run, which may drive a shared device', async () => {
    // Imitates a WebGPU callback: a native function with a prototype.
    await kernel.cell('const seen = { times: 0 }; class Device {}');
    await interrupt(`console.log('go');
const native = new Proxy(function () { seen.times++; }, {});
setTimeout(native, 250);
await new Promise(() => undefined);`);
    await kernel.cell('await new Promise((resolve) => setTimeout(resolve, 300));');
    assert.equal(await kernel.text('seen.times'), '1\n');
  });
});
