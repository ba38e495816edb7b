import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../../files/local';
import { makePeftPython } from '../setup';

/**
 * Makes adapters and compares their outputs with those of PEFT, in Python. INTEROP_PYTHON names a
 * Python that has PEFT.
 * @returns 0 if all agree
 * @throws SetupError if the Python environment can't be made
 */
export async function interop(): Promise<number> {
  const python = process.env.INTEROP_PYTHON ?? (await makePeftPython());
  const folder = mkdtempSync(path.join(tmpdir(), 'lora-interop-'));
  try {
    const make = path.join(projectRoot, 'dist', 'tests', 'interop', 'make-adapters.js');
    const check = path.join(projectRoot, 'tests', 'interop', 'check_adapters.py');
    return run(process.execPath, [make, folder]) || run(python, [check, folder]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @returns the exit code, 1 if there is none */
function run(command: string, args: string[]): number {
  const env = { ...process.env, HF_HUB_OFFLINE: '1', HF_HUB_DISABLE_PROGRESS_BARS: '1' };
  return spawnSync(command, args, { cwd: projectRoot, env, stdio: 'inherit' }).status ?? 1;
}
