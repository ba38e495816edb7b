import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { pythonPath, projectRoot } from '../files/local';
import { jupyterEnvironment } from './setup';

const LESSON = 'notebooks/05_lora_peft.ipynb';
const POLL_MS = 100;

/**
 * Opens JupyterLab on the lesson and returns when it ends, for instance with Ctrl-C.
 * @param args passed on to JupyterLab
 * @returns its exit code
 */
export async function start(args: string[]): Promise<number> {
  const started = Date.now();
  const environment = { ...process.env, ...jupyterEnvironment() };
  const runtime = environment.JUPYTER_RUNTIME_DIR ?? '';
  const before = new Set(serverFiles(runtime));

  // Without the terminal's input, where it would ask to confirm Ctrl-C.
  const server = spawn(pythonPath(), ['-m', 'jupyterlab', ...options(), ...args], {
    cwd: projectRoot,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => server.kill('SIGTERM'));
  }
  const announcing = setInterval(() => {
    const file = serverFiles(runtime).find((name) => !before.has(name));
    const url = file && lessonUrl(path.join(runtime, file));
    if (!url) return;
    clearInterval(announcing);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(
      `\nJupyterLab is ready (${seconds} s). The lesson:\n\n  ${url}\n\nCtrl-C stops it.\n`,
    );
  }, POLL_MS);

  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.on('close', (code) => {
      clearInterval(announcing);
      resolve(code ?? 1);
    });
  });
}

function options(): string[] {
  const isRoot = process.getuid?.() === 0;
  return [
    '--ServerApp.ip=127.0.0.1',
    `--ServerApp.root_dir=${projectRoot}`,
    `--LabApp.default_url=/lab/tree/${LESSON}`,
    '--ServerApp.use_redirect_file=False', // a browser in a sandbox cannot read the file
    '--ServerApp.log_level=WARN',
    '--LabApp.log_level=WARN',
    ...(isRoot ? ['--allow-root'] : []),
    ...(hasBrowser() ? [] : ['--no-browser']),
  ];
}

function hasBrowser(): boolean {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  return process.platform !== 'linux' || Boolean(DISPLAY ?? WAYLAND_DISPLAY);
}

function serverFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => /^jpserver-\d+\.json$/.test(name));
}

function lessonUrl(file: string): string | undefined {
  try {
    const { url, token } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    return `${url}lab/tree/${LESSON}?token=${token}`;
  } catch {
    return undefined; // not written completely yet
  }
}
