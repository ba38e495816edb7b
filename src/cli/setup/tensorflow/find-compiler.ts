import { spawnSync } from 'node:child_process';
import { SetupError } from '../run-program.cjs';

const NAMES = ['g++', 'clang++', 'c++'];

/**
 * Finds the first C++ compiler of this machine.
 * @throws SetupError if there is none
 */
export function findCompiler(): string {
  const found = NAMES.find((name) => spawnSync(name, ['--version']).status === 0);
  if (found) return found;
  throw new SetupError(
    `There is no C++ compiler (tried ${NAMES.join(', ')}).`,
    'Install one (Debian, Ubuntu: `apt install g++`), then run `npm run setup`.',
  );
}
