import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { codeCells } from '../notebook';

export const root = join(__dirname, '../../..');
export const lesson = 'notebooks/05_lora_peft.ipynb';
export const artifacts = join(root, 'artifacts');
export const MINUTE = 60_000;
/** The notebook in front: JupyterLab opens those of its last run again, behind it. */
export const FRONT = '.jp-NotebookPanel:not(.lm-mod-hidden)';
export const THEMES = { dark: 'JupyterLab Dark', light: 'JupyterLab Light' } as const;

/** The lesson in a real browser, served by `npm start` as a reader would type it. */
export class Lab {
  private constructor(
    private readonly server: ChildProcess,
    private readonly browser: Browser,
    readonly page: Page,
  ) {}

  /** Opens a copy, so that JupyterLab's autosave leaves the shipped notebook alone. */
  static async open(name: string, port: number): Promise<Lab> {
    const folder = join(artifacts, name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(root, lesson), join(folder, 'lesson.ipynb'));
    const { server, url } = startLab(port);
    const address = await url;
    assert.ok(address.includes(`/lab/tree/${lesson}?token=`), address);
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    const page = await browser.newPage({ viewport: { width: 1280, height: 1100 } });
    await page.goto(address.replace(lesson, `artifacts/${name}/lesson.ipynb`));
    await page.locator(`${FRONT} .jp-CodeCell`).first().waitFor({ timeout: MINUTE });
    const lab = new Lab(server, browser, page);
    await lab.waitForKernel();
    return lab;
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.server.kill('SIGINT');
  }

  /** Before it has its kernel, JupyterLab asks which one to run the cells in. */
  async waitForKernel(): Promise<void> {
    await this.page
      .locator('.jp-StatusBar-TextItem, .jp-StatusBar-Widget', { hasText: 'TypeScript | Idle' })
      .first()
      .waitFor({ timeout: MINUTE });
  }

  /** A code cell, by its id in the notebook. */
  cell(id: string): Locator {
    const index = codeCells(join(root, lesson)).findIndex((cell) => cell.id === id);
    return this.page.locator(`${FRONT} .jp-CodeCell`).nth(index);
  }

  /**
   * JupyterLab draws an output when it comes into view. It likes to scroll back to the active
   * cell, so that is what this makes it.
   */
  async bringIntoView(id: string): Promise<void> {
    await this.cell(id).locator('.jp-InputPrompt').click();
    await this.cell(id).evaluate('(node) => node.scrollIntoView({ block: "end" })');
    await this.page.waitForTimeout(500);
  }

  /** As a reader does it, with the keyboard. */
  async runCell(id: string): Promise<void> {
    await this.bringIntoView(id);
    await this.page.keyboard.press('Control+Enter');
    await this.cell(id)
      .locator('.jp-InputPrompt', { hasText: /\[\d+\]/ })
      .waitFor({ timeout: MINUTE });
  }

  /** Types a new text over that of a cell. */
  async rewriteCell(id: string, text: string): Promise<void> {
    await this.bringIntoView(id);
    await this.cell(id).locator('.cm-content').click();
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.insertText(text);
  }

  async execute(command: string, options: Record<string, string> = {}): Promise<void> {
    const call = `void jupyterapp.commands.execute(${JSON.stringify(command)}, ${JSON.stringify(options)})`;
    await this.page.evaluate(call);
  }

  async setTheme(theme: string): Promise<void> {
    await this.execute('apputils:change-theme', { theme });
    await this.page.waitForFunction(`document.body.dataset.jpThemeName === '${theme}'`);
  }
}

/** Resolves with the address that it prints. */
function startLab(port: number): { server: ChildProcess; url: Promise<string> } {
  const args = ['start', '--no-browser', `--port=${port}`, '--LabApp.expose_app_in_browser=True'];
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
