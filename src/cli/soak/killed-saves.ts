import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { loadAdapter, savePretrained } from '../../adapter/peft';
import { injectLora, loraLayersOf, removeLora } from '../../lora';
import type { LanguageModel } from '../../model/transformer';
import { Draw, read } from '../../tensor/runtime';
import { openBase } from '../measure';

/** A process is killed up to this many milliseconds after its first save. */
const LATEST = 120;

/**
 * Kills processes that save an adapter over and over, each at a random moment.
 * @returns the number of times after which the folder did not hold one whole adapter
 */
export async function killedSaves(times: number, seed: number): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'soak-'));
  const random = new Draw(seed);
  const { model } = await openBase();
  let broken = 0;
  try {
    for (let i = 0; i < times; i++) {
      const child = fork(__filename, [folder]);
      await new Promise((resolve) => child.once('message', resolve));
      await sleep(LATEST * random.unit());
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      if (!(await holdsOneVersion(model, folder))) broken++;
    }
    return broken;
  } finally {
    model.dispose();
    rmSync(folder, { recursive: true });
  }
}

/** Whether the folder loads, and every number in it is of the same save. */
async function holdsOneVersion(model: LanguageModel, folder: string): Promise<boolean> {
  if (!existsSync(path.join(folder, 'adapter_config.json'))) return false;
  await loadAdapter(model, folder);
  const versions = new Set<number>();
  for (const { lora } of loraLayersOf(model).values()) {
    for (const value of await read(lora.B)) versions.add(value);
  }
  removeLora(model);
  return versions.size === 1;
}

/** Fills B with the number of the save, and saves, until it is killed. */
async function saveForEver(folder: string, tell: () => void): Promise<void> {
  const { model } = await openBase();
  injectLora(model, { targetModules: 'all-linear', r: 8, alpha: 32 });
  for (let version = 1; ; version++) {
    for (const { lora } of loraLayersOf(model).values()) {
      tf.tidy(() => lora.B.assign(tf.fill(lora.B.shape, version)));
    }
    await savePretrained(model, folder);
    if (version === 1) tell();
  }
}

if (process.argv[1] === __filename) {
  void saveForEver(process.argv[2] as string, () => process.send?.('saved'));
}
