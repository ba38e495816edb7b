import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../../files/local';
import type { StepContext } from '../run-steps.cjs';
import { findCompiler } from './find-compiler';
import { tensorflowLibrary } from './tensorflow-library';

const nodeHeaders = path.join(projectRoot, 'node_modules', 'node-api-headers');

/** Version of the headers of N-API, which is one binary interface for every version of Node. */
export function nodeHeadersVersion(): string {
  return versionOf(nodeHeaders);
}

/**
 * Compiles a Node addon against libraries of TensorFlow. The target is written whole or not at all.
 * @param libraries their file names
 */
export async function compileAddon(
  target: string,
  {
    flags,
    includes = [],
    sources,
    libraries,
  }: { flags: string[]; includes?: string[]; sources: string[]; libraries: string[] },
  { run }: StepContext,
): Promise<void> {
  const tensorflow = tensorflowLibrary.folder;
  const lib = path.join(tensorflow, 'lib');
  const folders = [
    path.join(nodeHeaders, 'include'),
    path.join(tensorflow, 'include'),
    ...includes,
  ];
  mkdirSync(path.dirname(target), { recursive: true });
  const args = [
    '-std=c++17',
    '-shared',
    '-fPIC',
    '-DNAPI_VERSION=8',
    ...flags,
    ...folders.flatMap((folder) => ['-I', folder]),
    ...sources,
    `-L${lib}`,
    ...libraries.map((name) => `-l:${name}`),
    `-Wl,-rpath,${lib}`,
    '-o',
    `${target}.part`,
  ];
  const next = 'See the compiler errors in the log.';
  await run(findCompiler(), args, { cwd: projectRoot, next });
  renameSync(`${target}.part`, target);
}

/** Reads the version of the npm package in a folder. */
export function versionOf(folder: string): string {
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
