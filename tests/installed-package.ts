import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { projectRoot } from '../src/files/local';

/**
 * Makes a fresh project that has this one as a package, as `npm pack` makes it, without the network:
 * the packages that it needs are links to those of this project.
 * @returns the folder of the project
 */
export function installPackage(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'lora-package-'));
  const modules = path.join(folder, 'node_modules');
  const from = path.join(projectRoot, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(from)) {
    symlinkSync(path.join(from, name), path.join(modules, name), 'junction');
  }
  const options = ['--ignore-scripts', '--offline', '--json', '--pack-destination', folder];
  const json = execFileSync('npm', ['pack', projectRoot, ...options], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32',
  });
  const [{ filename }] = JSON.parse(json) as [{ filename: string }];
  execFileSync('tar', ['-xzf', filename], { cwd: folder });
  renameSync(path.join(folder, 'package'), path.join(modules, 'lora-notebooks'));
  return folder;
}

/** Runs a TypeScript module in a project. @returns what it prints */
export function runModule(folder: string, code: string, ...args: string[]): string {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2022 },
  });
  const file = path.join(folder, 'script.mjs');
  writeFileSync(file, outputText);
  return execFileSync(process.execPath, [file, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
