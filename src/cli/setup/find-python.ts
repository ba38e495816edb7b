import { spawnSync } from 'node:child_process';
import { SetupError } from './run-program.cjs';

/** A Python of this machine. */
export interface Python {
  /** program and first arguments, such as `['py', '-3']` */
  command: string[];
  version: [major: number, minor: number];
  /** whether it can make virtual environments (a package of its own on Debian and Ubuntu) */
  hasVenv: boolean;
}

const OLDEST_MINOR = 10;
const PROBE =
  'import sys, importlib.util as u; print(*sys.version_info[:2], bool(u.find_spec("ensurepip")))';

/**
 * Finds the first Python of this machine that can make the project's environment.
 * @throws SetupError if there is none, saying what is missing
 */
export function findPython(): Python {
  const commands =
    process.platform === 'win32'
      ? [['py', '-3'], ['python'], ['python3']]
      : [['python3'], ['python']];
  return choosePython(commands.flatMap((command) => probe(command) ?? []));
}

/** Chooses a Python. @throws SetupError if none of them is suitable, saying why */
export function choosePython(pythons: Python[]): Python {
  const recent = pythons.filter(
    ({ version: [major, minor] }) => major > 3 || (major === 3 && minor >= OLDEST_MINOR),
  );
  const found = recent.find(({ hasVenv }) => hasVenv);
  if (found) return found;

  const withoutVenv = recent[0];
  if (withoutVenv) {
    throw new SetupError(
      `Python ${withoutVenv.version.join('.')} has no venv module.`,
      'Install it (Debian, Ubuntu: `apt install python3-venv`), then run the same command again.',
    );
  }
  const given = pythons.map(({ version }) => version.join('.')).join(', ') || 'none';
  throw new SetupError(
    `Python must be 3.${OLDEST_MINOR} or newer, found ${given}.`,
    'Install Python (Debian, Ubuntu: `apt install python3 python3-venv`; elsewhere: ' +
      'https://www.python.org/downloads), then run the same command again.',
  );
}

function probe(command: string[]): Python | undefined {
  const [program = '', ...args] = command;
  const { status, stdout } = spawnSync(program, [...args, '-c', PROBE], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const [major, minor, hasVenv] = stdout.trim().split(' ');
  return { command, version: [Number(major), Number(minor)], hasVenv: hasVenv === 'True' };
}
