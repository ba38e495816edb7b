import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { codeCells } from '../notebook';
import { artifacts, FRONT, Lab, lesson, MINUTE, root, THEMES } from './lab';

/** Each with what Plotly draws in it. */
const CHARTS = {
  'rank-chart': ['.scatterlayer .trace', 2],
  'memory-chart': ['.barlayer .point', 4],
  'exercise-1-live': ['.scatterlayer .trace', 2],
  'exercise-1-rows': ['.scatterlayer .trace', 2],
} as const;

/** Drawings that are no charts, each an SVG. */
const PICTURES = ['model-picture', 'exercise-1-picture'];

describe('the lesson in JupyterLab', { timeout: 8 * MINUTE }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.open('lesson', 18890);
  });
  after(() => lab.close());

  // textContent, not innerText: the browser lays out only what is in view.
  const prompts = async () =>
    (await lab.page.locator(`${FRONT} .jp-CodeCell .jp-InputPrompt`).allTextContents()).map(
      (text) => text.trim(),
    );

  test('opens with nothing in the way', async () => {
    assert.equal(await lab.page.locator('.jp-Dialog').count(), 0);
    assert.equal(await lab.page.locator('.Toastify__toast').count(), 0);
  });

  test('runs every cell; none is left waiting, none fails', async () => {
    const cells = codeCells(join(root, lesson)).length;
    await lab.page.locator('.lm-MenuBar-itemLabel', { hasText: /^Run$/ }).click();
    await lab.page.locator('.lm-Menu-itemLabel', { hasText: /^Run All Cells$/ }).click();
    const done = (all: string[]) => all.filter((prompt) => /^\[\d+\]:$/.test(prompt));
    const deadline = Date.now() + 5 * MINUTE;
    while (done(await prompts()).length < cells && Date.now() < deadline) {
      await lab.page.waitForTimeout(250);
    }
    const expected = Array.from({ length: cells }, (_, i) => `[${i + 1}]:`);
    assert.deepEqual(await prompts(), expected);
    for (const kind of ['stderr', 'error']) {
      const faults = lab.page.locator(
        `${FRONT} [data-mime-type="application/vnd.jupyter.${kind}"]`,
      );
      assert.deepEqual(await faults.allTextContents(), [], kind);
    }
    const text = await lab.page.locator(`${FRONT} .jp-Notebook`).textContent();
    assert.match(text ?? '', /Ready!\s+Accelerator: /);
  });

  test('draws its charts with Plotly, the live one too, not with the fallback', async () => {
    for (const [id, [marks, count]] of Object.entries(CHARTS)) {
      await lab.bringIntoView(id);
      await lab.cell(id).locator('.js-plotly-plot .main-svg').first().waitFor();
      assert.equal(await lab.cell(id).locator(marks).count(), count, id);
    }
    for (const id of PICTURES) {
      await lab.bringIntoView(id);
      await lab.cell(id).locator('.jp-RenderedSVG').first().waitFor();
    }
    const drawn = lab.page.locator(`${FRONT} .jp-RenderedSVG`);
    assert.equal(await drawn.count(), PICTURES.length);
  });

  test('keeps its charts when the theme changes; pictures of both are kept', async () => {
    for (const [name, theme] of Object.entries(THEMES)) {
      await lab.setTheme(theme);
      for (const id of Object.keys(CHARTS)) {
        await lab.bringIntoView(id);
        const drawn = await lab.cell(id).locator('.js-plotly-plot').boundingBox();
        assert.ok(drawn && drawn.height > 200, `${id} in ${theme}: ${JSON.stringify(drawn)}`);
        await lab.page.screenshot({ path: join(artifacts, `${id}-${name}.png`) });
      }
    }
  });
});
