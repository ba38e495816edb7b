import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../files/local';
import { isReady } from '../setup';
import { pythonToolsStep, RUFF } from './test-tools';

/** A linter with its arguments. */
interface Linter {
  name: string;
  command: string[];
  /** why it cannot run on this machine */
  missing?: string | undefined;
}

/**
 * Runs every linter and format check. Types are checked by the build, before this runs. Where CI is
 * set, a linter that is not installed counts as failed.
 * @returns 0 if nothing is found
 */
export function lint(): number {
  const failed = linters().filter(({ name, command, missing }) => {
    if (missing) console.log(`${name} ${process.env.CI ? 'FAILED' : 'skipped'}: ${missing}`);
    return missing ? Boolean(process.env.CI) : !succeeds(command);
  });
  for (const { name } of failed) console.log(`${name} failed`);
  return failed.length === 0 ? 0 : 1;
}

function linters(): Linter[] {
  const noRuff = pythonToolsStep.parts.every(isReady)
    ? undefined
    : 'not installed (npm test installs it)';
  const noClang = succeeds(['clang-format', '--version'], 'ignore') ? undefined : 'not installed';
  const config = ['--config', '.dependency-cruiser.cjs'];
  return [
    { name: 'ESLint', command: inNode('eslint/bin/eslint.js', '.') },
    { name: 'Prettier', command: inNode('prettier/bin/prettier.cjs', '--check', '.') },
    {
      name: 'Import rules',
      command: inNode('dependency-cruiser/bin/dependency-cruise.mjs', 'src', 'tests', ...config),
    },
    { name: 'Ruff', command: [RUFF, 'check', '.'], missing: noRuff },
    {
      name: 'clang-format',
      command: ['clang-format', '--dry-run', '--Werror', ...cppFiles()],
      missing: noClang,
    },
  ];
}

function inNode(script: string, ...args: string[]): string[] {
  return [process.execPath, path.join(projectRoot, 'node_modules', script), ...args];
}

function cppFiles(): string[] {
  return readdirSync(path.join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(cc|h)$/.test(file))
    .map((file) => path.join('src', file));
}

function succeeds([program = '', ...args]: string[], stdio: 'inherit' | 'ignore' = 'inherit') {
  return spawnSync(program, args, { cwd: projectRoot, stdio }).status === 0;
}
