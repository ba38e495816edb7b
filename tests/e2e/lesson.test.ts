import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { codeCells } from '../notebook';

const root = join(__dirname, '../../..');
const lesson = 'notebooks/05_lora_peft.ipynb';
const artifacts = join(root, 'artifacts');
const CHARTS = ['rank-chart', 'memory-chart'];
const MINUTE = 60_000;

/** `npm start`, as a reader would type it; resolves with the address that it prints. */
function startLab(): { server: ChildProcess; url: Promise<string> } {
  const args = ['start', '--no-browser', '--port=18890', '--LabApp.expose_app_in_browser=True'];
  const server = spawn(process.execPath, [join(root, 'src/cli/bootstrap.cjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = new Promise<string>((resolve, reject) => {
    let output = '';
    const listen = (text: Buffer) => {
      output += text.toString();
      const address = /http:\/\/127\.0\.0\.1:\d+\/lab\/tree\/\S+token=\w+/.exec(output)?.[0];
      if (address) resolve(address);
    };
    server.stdout.on('data', listen);
    server.stderr.on('data', listen);
    server.on('exit', () => reject(new Error(`npm start ended:\n${output}`)));
  });
  return { server, url };
}

// textContent, not innerText: the browser lays out only what is in view.
const prompts = async (page: Page) =>
  (await page.locator('.jp-CodeCell .jp-InputPrompt').allTextContents()).map((text) => text.trim());

/** A code cell, by its id in the notebook. */
function cellOf(page: Page, id: string): Locator {
  const index = codeCells(join(root, lesson)).findIndex((cell) => cell.id === id);
  return page.locator('.jp-CodeCell').nth(index);
}

/**
 * JupyterLab draws an output when it comes into view. It likes to scroll back to the active cell,
 * so that is what this makes it.
 */
async function bringIntoView(page: Page, id: string): Promise<void> {
  await cellOf(page, id).locator('.jp-InputPrompt').click();
  await cellOf(page, id).evaluate('(node) => node.scrollIntoView({ block: "end" })');
  await page.waitForTimeout(500);
}

async function runAll(page: Page): Promise<void> {
  await page.locator('.lm-MenuBar-itemLabel', { hasText: /^Run$/ }).click();
  await page.locator('.lm-Menu-itemLabel', { hasText: /^Run All Cells$/ }).click();
}

async function setTheme(page: Page, theme: string): Promise<void> {
  const command = `jupyterapp.commands.execute('apputils:change-theme', { theme: '${theme}' })`;
  await page.evaluate(command);
  await page.waitForFunction(`document.body.dataset.jpThemeName === '${theme}'`);
}

describe('the lesson in JupyterLab', { timeout: 5 * MINUTE }, () => {
  let server: ChildProcess;
  let browser: Browser;
  let page: Page;

  before(async () => {
    // A copy, so that JupyterLab's autosave leaves the shipped notebook alone.
    mkdirSync(join(artifacts, 'e2e'), { recursive: true });
    copyFileSync(join(root, lesson), join(artifacts, 'e2e/lesson.ipynb'));
    const lab = startLab();
    server = lab.server;
    const url = await lab.url;
    assert.ok(url.includes(`/lab/tree/${lesson}?token=`), url);
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    page = await browser.newPage({ viewport: { width: 1280, height: 1100 } });
    await page.goto(url.replace(lesson, 'artifacts/e2e/lesson.ipynb'));
    await page.locator('.jp-NotebookPanel .jp-CodeCell').first().waitFor({ timeout: MINUTE });
    // Before it has its kernel, JupyterLab asks which one to run the cells in.
    await page
      .locator('.jp-StatusBar-TextItem, .jp-StatusBar-Widget', { hasText: 'TypeScript | Idle' })
      .first()
      .waitFor({ timeout: MINUTE });
  });

  after(async () => {
    await browser?.close();
    server?.kill('SIGINT');
  });

  test('opens with nothing in the way', async () => {
    assert.equal(await page.locator('.jp-Dialog').count(), 0);
    assert.equal(await page.locator('.Toastify__toast').count(), 0);
  });

  test('runs every cell; none is left waiting, none fails', async () => {
    const cells = codeCells(join(root, lesson)).length;
    await runAll(page);
    const done = (all: string[]) => all.filter((prompt) => /^\[\d+\]:$/.test(prompt));
    const deadline = Date.now() + 2 * MINUTE;
    while (done(await prompts(page)).length < cells && Date.now() < deadline) {
      await page.waitForTimeout(250);
    }
    const expected = Array.from({ length: cells }, (_, i) => `[${i + 1}]:`);
    assert.deepEqual(await prompts(page), expected);
    for (const kind of ['stderr', 'error']) {
      const faults = page.locator(`[data-mime-type="application/vnd.jupyter.${kind}"]`);
      assert.deepEqual(await faults.allTextContents(), [], kind);
    }
    assert.match(
      (await page.locator('.jp-Notebook').textContent()) ?? '',
      /Ready!\s+Accelerator: /,
    );
  });

  test('draws both charts with Plotly, not with the fallback', async () => {
    for (const id of CHARTS) {
      await bringIntoView(page, id);
      await cellOf(page, id).locator('.js-plotly-plot .main-svg').first().waitFor();
    }
    assert.equal(await page.locator('.jp-RenderedSVG').count(), 0);
    assert.equal(await cellOf(page, 'rank-chart').locator('.scatterlayer .trace').count(), 2);
    assert.equal(await cellOf(page, 'memory-chart').locator('.barlayer .point').count(), 4);
  });

  test('keeps its charts when the theme changes; pictures of both are kept', async () => {
    for (const [name, theme] of [
      ['dark', 'JupyterLab Dark'],
      ['light', 'JupyterLab Light'],
    ] as const) {
      await setTheme(page, theme);
      for (const id of CHARTS) {
        await bringIntoView(page, id);
        const drawn = await cellOf(page, id).locator('.js-plotly-plot').boundingBox();
        assert.ok(drawn && drawn.height > 200, `${id} in ${theme}: ${JSON.stringify(drawn)}`);
        await page.screenshot({ path: join(artifacts, `${id}-${name}.png`) });
      }
    }
  });
});
