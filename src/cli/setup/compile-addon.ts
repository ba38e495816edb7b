import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../files/local';
import { findCompiler } from './find-compiler';
import type { Tools } from './run-steps.cjs';
import { tensorflowLibrary } from './tensorflow-library';

const nodeHeaders = path.join(projectRoot, 'node_modules', 'node-api-headers');

/** N-API is one binary interface for every Node, so it is these and not Node's version that count. */
export function nodeHeadersVersion(): string {
  return versionOf(nodeHeaders);
}

/**
 * Compiles a Node addon against libraries of TensorFlow. The target is there whole or not at all.
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
  { run }: Tools,
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
    ...['-std=c++17', '-shared', '-fPIC', '-DNAPI_VERSION=8', ...flags],
    ...folders.flatMap((folder) => ['-I', folder]),
    ...sources,
    ...[`-L${lib}`, ...libraries.map((name) => `-l:${name}`), `-Wl,-rpath,${lib}`],
    ...['-o', `${target}.part`],
  ];
  const next = 'See the log for what the compiler lacks.';
  await run(findCompiler(), args, { cwd: projectRoot, next });
  renameSync(`${target}.part`, target);
}

/** Of a package, by its folder. */
export function versionOf(folder: string): string {
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
