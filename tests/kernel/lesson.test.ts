import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { KernelSession, type Output, ROOT } from './session';

const IMPORTS = `import * as tf from '@tensorflow/tfjs';
import { applyLoraToLinear, freezeBaseModel, Linear, LoRALinear } from '../src/lora';
import { answerOr, check, hint, normalQuantile, predict, progress, solution, todo } from '../src/course';`;

const STUBS = `function mergeLoraWeights(w0: tf.Tensor2D, A: tf.Tensor2D, B: tf.Tensor2D, scaling: number): tf.Tensor2D {
  return todo();
}
function unmergeLoraWeights(w: tf.Tensor2D, A: tf.Tensor2D, B: tf.Tensor2D, scaling: number): tf.Tensor2D {
  return todo();
}`;

const written = (id: string, room = 'exercises') =>
  readFileSync(join(ROOT, `src/course/${room}/${id}.solution.ts`), 'utf8')
    .replace(/^import [^;]*;\n/gm, '')
    .replace(/^export /gm, '');

/** The plain text of the one card a cell shows, and the id it replaces. */
function cardOf(outputs: Output[]): { text: string; id: string | undefined } {
  const [output, ...others] = outputs.filter(({ type }) => type !== 'stream');
  assert.deepEqual(others, [], JSON.stringify(outputs));
  assert.equal(output?.type, 'display_data', JSON.stringify(outputs));
  const { data, transient } = output.content;
  assert.ok(data?.['text/html']);
  return { text: String(data['text/plain']), id: transient?.display_id };
}

describe('The lesson in the Jupyter kernel', () => {
  let kernel: KernelSession;
  before(async () => {
    process.env.LORA_BACKEND ??= 'js';
    kernel = await KernelSession.start();
    assert.equal(await kernel.text(IMPORTS), '');
  });
  after(() => kernel.stop());

  const card = async (code: string) => cardOf(await kernel.cell(code));
  const text = async (code: string) => (await card(code)).text;

  test('tells a missing answer from an unfinished one', async () => {
    assert.match(await text(`await check('merge')`), /^\? not defined: Exercise 4/);
    assert.equal(await kernel.text(STUBS), '');
    const { text: verdict, id } = await card(`await check('merge')`);
    assert.match(
      verdict,
      /^○ not attempted: Exercise 4[^]*Replace `return todo\(\);`[^]*0 of 5 done/,
    );
    assert.equal(id, 'check-merge');
  });

  test('names the mistake of a wrong answer, also in the cell that defines it', async () => {
    const verdict = await text(`function mergeLoraWeights(w0, A, B, scaling) {
  return tf.tidy(() => w0.add(tf.matMul(B, A)));
}
await check('merge')`);
    assert.match(verdict, /^✗ failed[^]*the scale is missing[^]*input[^]*w0 \[5, 3\]/);
    assert.match(verdict, /Checked: mergeLoraWeights from In\[5\]\n {4}function mergeLoraWeights/);
  });

  test('shows the line where an answer throws', async () => {
    const verdict = await text(`// a comment

function mergeLoraWeights(w0, A, B, scaling) {
  const update = tf.matMul(A, B);
  return w0.add(update);
}
await check('merge')`);
    assert.match(
      verdict,
      /^✗ failed[^]*yours is A B[^]*In\[6\], line 4: {2}const update = tf\.matMul\(A, B\);/,
    );
    assert.match(verdict, /at mergeLoraWeights \(In\[6\]:4:\d+\)/);
  });

  test('explains an answer that does not compile, and does not accept the old one instead', async () => {
    assert.equal(await kernel.text(written('merge')), '');
    assert.match(await text(`await check('merge')`), /^✓ passed/);
    const { outputs } = await kernel.run([
      `function mergeLoraWeights(w0: tf.Tensor2D): tf.Tensor2D { return w0.plus(1); }`,
    ]);
    assert.ok(outputs[0]?.some(({ type }) => type === 'error'));
    const verdict = await text(`await check('merge')`);
    assert.match(
      verdict,
      /^✗ failed[^]*The cell In\[9\] did not compile, so your newest mergeLoraWeights cannot be/,
    );
    assert.match(verdict, /Property 'plus' does not exist/);
  });

  test('says that tensors have no operators, for both functions of the cell', async () => {
    assert.equal(await kernel.text(STUBS), '');
    const wrong = STUBS.replace('return todo()', 'return w0 + scaling * B * A');
    const { outputs } = await kernel.run([wrong]);
    assert.match(JSON.stringify(outputs), /Tensors have no operators: a\.add\(b\)/);
    assert.match(
      await text(`await check('merge')`),
      /^✗ failed[^]*newest mergeLoraWeights and unmergeLoraWeights[^]*Tensors have no operators: a\.add/,
    );
  });

  test('shows the compile error of a first answer as the reason why it is not defined', async () => {
    await kernel.run([`function scaledUpdate(x: tf.Tensor2D) { return x.plus(1); }`]);
    const verdict = await text(`await check('alpha')`);
    assert.match(
      verdict,
      /^\? not defined[^]*did not compile, so your newest scaledUpdate[^]*'plus' does not exist/,
    );
  });

  test('falls back to the reference answer in answerOr, says so, and does not count it', async () => {
    const note = await text(`const { rankTradeOff } = await answerOr('rank');`);
    assert.match(note, /uses the reference answer: yours is not defined/);
    const wrong = STUBS.replace('return todo()', 'return w0');
    await kernel.text(wrong);
    assert.match(
      await text(`await answerOr('merge');`),
      /answer: yours did not pass the check\. Run/,
    );
    assert.equal(await kernel.text(`rankTradeOff([[4, 3]], [2, 1], 1).parameters`), '7\n');
    assert.match(await text(`await check('rank')`), /^○ not attempted/);
    assert.equal(await kernel.text(written('merge')), '');
    const own =
      await kernel.cell(`const same = (await answerOr('merge')).mergeLoraWeights === mergeLoraWeights;
console.log(same)`);
    assert.equal(own[0]?.content.text, 'true\n');
  });

  test('folds all hints but the first, however often they are asked for', async () => {
    const shown = async () => {
      const [output] = await kernel.cell(`hint('merge')`);
      return output?.content.data ?? {};
    };
    const once = await shown();
    const html = String(once['text/html']);
    assert.match(
      html,
      /hint 1 of 4<[^]*Each function is one line[^]*<details[^>]*><summary>Hint 2 of 4</,
    );
    assert.equal(html.match(/<details/g)?.length, 3);
    assert.doesNotMatch(html, /<details[^>]* open/);
    assert.match(
      String(once['text/plain']),
      /^➜ hint 1 of 4[^]*\nHint 2 of 4\n[^]*\nHint 4 of 4\n/,
    );
    assert.deepEqual(await shown(), once);
  });

  test('gives the solution as a cell would have it', async () => {
    const shown = await text(`solution('qlora')`);
    assert.match(shown, /function nf4Levels\(\): number\[\] \{/);
    assert.doesNotMatch(shown, /^ *(import|export)/m);
  });

  test('hides the predicted number until there is a guess', async () => {
    const open = await text(`await predict('params-r8', null)`);
    assert.match(open, /^○ no prediction yet/);
    assert.doesNotMatch(open, /12,288/);
    const off = await text(`await predict('params-r8', 589_824)`);
    assert.match(off, /^✗ not quite[^]*12,288 parameters[^]*factor 48 too high/);
    assert.match(await text(`await predict('params-r8', 12_288)`), /^✓ right/);
    const rounded = await text(`await predict('double-bits', 4.13)`);
    assert.match(rounded, /^✓ right[^]*4\.12695 bits/);
    for (const close of [4.12, 4.14, 4.1]) {
      assert.match(await text(`await predict('double-bits', ${close})`), /^✗ not quite/);
    }
    const { outputs } = await kernel.run([`await predict('no-such' as any, 1)`]);
    assert.match(JSON.stringify(outputs), /predict: id must be one of params-r8, /);
  });

  test('says how far off a number is in words that one can read', async () => {
    const off = async (id: string, guess: number) =>
      /off by +(.*)/.exec(await text(`await predict('${id}', ${guess})`))?.[1];
    assert.equal(await off('fresh-output', 5), '5 too high'); // the answer is 0
    assert.equal(await off('break-even', 767), '383, 100 % too high');
    assert.equal(await off('break-even', 768), 'factor 2 too high');
    assert.equal(await off('break-even', 96), 'factor 4 too low');
    assert.equal(await off('break-even', -384), '768 too low');
    assert.equal(await off('break-even', 385), '1, 0.3 % too high');
  });

  test('shows the answers to choose from, and after the choice which is right and why', async () => {
    const open = await text(`await predict('first-gradient', null)`);
    assert.match(open, /^○ no prediction yet[^]*  a  A's\n  b  B's\n[^]*'a', 'b', 'c' or 'd'/);
    assert.doesNotMatch(open, /B A/);
    const off = await text(`await predict('first-gradient', 'b')`);
    assert.match(off, /^✗ not quite[^]*your guess  B's\n  right       A's\n[^]*only through B A/);
    assert.match(await text(`await predict('first-gradient', 'a')`), /^✓ right[^]*through B A/);
    const wrong = async (code: string) => JSON.stringify((await kernel.run([code])).outputs);
    assert.match(
      await wrong(`await predict('first-gradient', 'A')`),
      /guess must be one of 'a', 'b', 'c', 'd', got 'A'/,
    );
    assert.match(
      await wrong(`await predict('break-even', 'a')`),
      /the guess must be a number, got the text 'a'\. Leave out the quotes/,
    );
  });

  test('accepts every solution as a cell, and records it in the progress file', async () => {
    for (const id of ['rank', 'alpha', 'agents', 'qlora']) {
      assert.equal(await kernel.text(written(id)), '', id);
      assert.match(await text(`await check('${id}')`), /^✓ passed/, id);
    }
    assert.match(await text(`progress()`), /^➜ progress: 5 of 5 done/);
  });

  test('accepts the solutions of notebook 05f as cells, and counts them apart', async () => {
    for (const id of ['rms-norm', 'rotary', 'swiglu', 'grouped-heads', 'decoder-size']) {
      assert.equal(await kernel.text(written(id, 'decoder-exercises')), '', id);
      const verdict = await text(`await check('${id}')`);
      assert.match(verdict, /^✓ passed[^]*✓ rms-norm/, id);
    }
    assert.match(await text(`progress('05f')`), /^➜ progress: 5 of 5 done[^]*✓ done · Exercise 5/);
    assert.match(await text(`solution('rotary')`), /function rotateHalves/);
    const { outputs } = await kernel.run([`progress('05b' as any)`]);
    assert.match(JSON.stringify(outputs), /progress: notebook must be one of 05, 05f, 05g, got/);
  });

  test('accepts the solutions of notebook 05g as cells', async () => {
    await kernel.cell(
      `import { mean, standardDeviation, type Turn } from '../src/course';
       import { IGNORED } from '../src/train';`,
    );
    for (const id of ['labels', 'step-loss', 'packing', 'best-checkpoint']) {
      assert.equal(await kernel.text(written(id, 'data-exercises')), '', id);
      assert.match(await text(`await check('${id}')`), /^✓ passed/, id);
    }
    assert.match(await text(`progress('05g')`), /^➜ progress: 4 of 4 done/);
  });

  test('keeps the progress after a restart', async () => {
    const again = await KernelSession.start(ROOT, kernel.folder);
    assert.equal(await again.text(IMPORTS), '');
    assert.match(cardOf(await again.cell(`progress()`)).text, /5 of 5 done/);
    await again.stop();
    rmSync(join(kernel.folder, '.progress.json'));
    assert.match(await text(`progress()`), /0 of 5 done/);
  });

  test('throws on a failed check with LESSON_STRICT=1, and without it not even on a wrong id', async () => {
    assert.match(await text(`await check('no-such' as any)`), /id must be one of rank, alpha, /);
    await kernel.cell(`process.env.LESSON_STRICT = '1';`);
    await kernel.cell(`function rankTradeOff() { return todo(); }`);
    const { outputs } = await kernel.run([`await check('rank')`]);
    const error = outputs[0]?.find(({ type }) => type === 'error');
    assert.equal(error?.content.ename, 'CheckFailed');
    assert.match(error?.content.evalue ?? '', /^check: rank must be passed, got not attempted/);
    assert.match(await text(`await check('merge')`), /^✓ passed/);
    assert.equal(await kernel.text(written('merge').replaceAll('tf.tidy(() => ', '(')), '');
    assert.match(
      await text(`await check('merge')`),
      /^✓ passed[^]*Note: 2 tensors stay in memory per call of mergeLoraWeights: wrap its body in/,
    );
  });
});
