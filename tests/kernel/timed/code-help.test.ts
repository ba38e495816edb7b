import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KernelSession } from '../session';

/** The milliseconds that an answer may take. */
const SOON = 1000;

describe('Help while a learner types', () => {
  let kernel: KernelSession;
  const times: number[] = [];
  before(async () => {
    kernel = await KernelSession.start();
    const imports = `import * as tf from '@tensorflow/tfjs';
import { injectLora, type InjectOptions } from '../src/lora';
const learningRate = 0.1;`;
    await kernel.text(imports);
    // The first answer loads the types.
    await help('complete', 'tf.|');
    times.length = 0;
  });
  after(() => kernel.stop());

  /** Asks at the bar in a text. */
  async function help(
    kind: 'complete' | 'inspect',
    text: string,
  ): Promise<Record<string, unknown>> {
    const cursor_pos = Array.from(text).indexOf('|');
    const code = text.replace('|', '');
    const start = performance.now();
    const { content } = await kernel.request(`${kind}_request`, { code, cursor_pos });
    times.push(performance.now() - start);
    return content;
  }

  const matches = async (text: string) => (await help('complete', text)).matches as string[];

  test('suggests members of tf, options in an object, and names of earlier cells', async () => {
    assert.ok((await matches('tf.matM|')).includes('matMul'));
    const options = await matches('const given: InjectOptions = { | }');
    for (const name of ['r', 'alpha', 'targetModules']) assert.ok(options.includes(name), name);
    const inCall = await matches('injectLora(null, { | })');
    for (const name of ['r', 'alpha', 'dropout']) assert.ok(inCall.includes(name), name);
    assert.ok((await matches('injectLora(null, { |')).includes('alpha'));
    assert.ok((await matches('learningR|')).includes('learningRate'));
  });

  test('counts places in characters, as Jupyter does: an emoji is one', async () => {
    const { matches, cursor_start, cursor_end } = await help('complete', "'😀😀'; learningR|");
    assert.deepEqual([matches, cursor_start, cursor_end], [['learningRate'], 6, 15]);
  });

  test('explains a name, and in a call the function that is called', async () => {
    for (const [text, wanted] of [
      ['injectLo|ra', /injectLora\(.*InjectOptions[^]*Freezes a model/],
      ['injectLora(|', /injectLora[^]*Freezes a model/],
      ['injectLora(null, { r: 8, |', /injectLora[^]*Freezes a model/],
      ['tf.matMul(|', /matMul[^]*dot product/],
      ["'😀'; tf.matMul(|)", /matMul[^]*dot product/],
      ['tf.matMul(tf.ones([2, 2]), |)', /matMul[^]*dot product/],
      ['new Map(|', /Map/],
    ] as const) {
      const { found, data } = await help('inspect', text);
      assert.equal(found, true, text);
      assert.match((data as Record<string, string>)['text/plain'] ?? '', wanted, text);
    }
    assert.equal((await help('inspect', '1 + |2')).found, false);
  });

  test('answers soon', () => {
    const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;
    assert.ok(median < SOON, `${median} ms`);
  });
});
