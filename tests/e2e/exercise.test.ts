import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { artifacts, Lab, MINUTE, THEMES } from './lab';

const HEAD =
  'function mergeLoraWeights(w0: tf.Tensor2D, A: tf.Tensor2D, B: tf.Tensor2D, scaling: number) {';
const BACK =
  'function unmergeLoraWeights(w: tf.Tensor2D, A: tf.Tensor2D, B: tf.Tensor2D, scaling: number) {';
const WRONG = `${HEAD}
  return tf.tidy(() => w0.add(tf.matMul(B, A)));
}
${BACK}
  return tf.tidy(() => w.sub(tf.matMul(B, A)));
}`;
const ASK = `import readline from 'node:readline/promises';
const rl = readline.createInterface({ input: process.stdin, output: process.stdout });
console.log('Hello, ' + (await rl.question('Your name? ')) + '!');`;
const RIGHT = WRONG.replaceAll('tf.matMul(B, A)', 'tf.matMul(B, A).mul(scaling)');

describe('an exercise in JupyterLab', { timeout: 5 * MINUTE }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.open('exercise', 18891);
    await lab.runCell('setup');
  });
  after(() => lab.close());

  const verdict = async () => (await lab.cell('exercise-4-check').textContent()) ?? '';
  const pictures = async (name: string, id: string) => {
    for (const [shade, theme] of Object.entries(THEMES)) {
      await lab.setTheme(theme);
      await lab.bringIntoView(id);
      await lab.page.screenshot({ path: join(artifacts, `${name}-${shade}.png`) });
    }
  };

  test('untouched is not attempted, and says so', async () => {
    await lab.runCell('exercise-4-answer');
    await lab.runCell('exercise-4-check');
    assert.match(await verdict(), /not attempted/);
  });

  test('done wrong is failed, with the mistake in words', async () => {
    await lab.rewriteCell('exercise-4-answer', WRONG);
    await lab.runCell('exercise-4-answer');
    await lab.runCell('exercise-4-check');
    await lab.page.waitForTimeout(500);
    assert.match(await verdict(), /✗ failed[^]*the scale is missing/);
    assert.doesNotMatch(await verdict(), /not attempted/);
    await pictures('check-failed', 'exercise-4-check');
  });

  test('gives a hint, then another by a click', async () => {
    await lab.rewriteCell('exercise-4-check', "hint('merge');");
    await lab.runCell('exercise-4-check');
    await lab.page.waitForTimeout(500);
    assert.match(await verdict(), /hint 1 of \d/);
    const second = lab.cell('exercise-4-check').locator('details').first();
    assert.ok(!(await second.locator('p').isVisible()));
    await second.locator('summary').click();
    await second.locator('p').waitFor();
    await pictures('hint', 'exercise-4-check');
  });

  test('done right is passed', async () => {
    await lab.rewriteCell('exercise-4-answer', RIGHT);
    await lab.runCell('exercise-4-answer');
    await lab.rewriteCell('exercise-4-check', "await check('merge');");
    await lab.runCell('exercise-4-check');
    await lab.page.waitForTimeout(500);
    assert.match(await verdict(), /✓ passed/);
    await pictures('check-passed', 'exercise-4-check');
  });

  test('helps while one types: Tab suggests names, Shift+Tab explains a call', async () => {
    await lab.rewriteCell('exercise-4-answer', 'tf.m');
    await lab.page.keyboard.press('Tab');
    await lab.page.locator('.jp-Completer-item', { hasText: 'matMul' }).first().waitFor();
    await lab.page.keyboard.press('Escape');
    await lab.rewriteCell('exercise-4-answer', 'tf.matMul(');
    await lab.page.keyboard.press('Shift+Tab');
    const tooltip = lab.page.locator('.jp-Tooltip');
    await tooltip.waitFor();
    assert.match((await tooltip.textContent()) ?? '', /matMul[^]*dot product/);
    await lab.page.screenshot({ path: join(artifacts, 'help.png') });
    await lab.page.keyboard.press('Escape');
  });

  test('asks in a box below the cell, whose question stands there once; an interrupt ends it', async () => {
    const cell = lab.cell('exercise-4-answer');
    const box = cell.locator('.jp-Stdin-input');
    const ask = async () => {
      await lab.rewriteCell('exercise-4-answer', ASK);
      await lab.page.keyboard.press('Control+Enter');
      await box.waitFor();
      assert.equal(await cell.locator('.jp-Stdin-prompt').textContent(), 'Your name? ');
    };
    const output = async () => (await cell.locator('.jp-OutputArea').textContent()) ?? '';
    await ask();
    await lab.page.screenshot({ path: join(artifacts, 'question.png') });
    await box.fill('Ada');
    await box.press('Enter');
    await cell.locator('.jp-OutputArea', { hasText: 'Hello, Ada!' }).waitFor();
    await lab.page.screenshot({ path: join(artifacts, 'answer.png') });
    await box.waitFor({ state: 'detached' });
    assert.match(await output(), /^\s*Your name\?\s+Ada\s+Hello, Ada!\s*$/);

    await ask();
    await lab.execute('kernelmenu:interrupt');
    await cell.locator('.jp-OutputArea', { hasText: 'Interrupted' }).waitFor();
    await lab.rewriteCell('exercise-4-answer', '6 * 7');
    await lab.runCell('exercise-4-answer');
    assert.match(await output(), /^\s*42\s*$/);
  });

  test('stays done when the kernel restarts', async () => {
    await lab.execute('kernelmenu:restart');
    await lab.page.locator('.jp-Dialog .jp-mod-accept').click();
    await lab.waitForKernel();
    await lab.runCell('setup');
    await lab.runCell('progress');
    const text = (await lab.cell('progress').textContent()) ?? '';
    assert.match(text, /1 of 5 done/);
    assert.match(text, /✓ done · Exercise 4/);
    await pictures('progress', 'progress');
  });
});
