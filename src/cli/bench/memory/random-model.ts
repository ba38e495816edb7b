import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TensorToWrite, writeSafetensors } from '../../../files/safetensors';
import { type GPT2Config, readConfig, weightLayout } from '../../../model/gpt2';
import { Random, read } from '../../../tensor/runtime';

/** Writes a GPT-2 with weights from N(0, 0.02²), a draw of a million repeated, in float16 as most files have. */
export async function writeRandomModel(
  folder: string,
  configJson: Readonly<Record<string, unknown>>,
): Promise<void> {
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(configJson));
  const config: GPT2Config = await readConfig(path.join(folder, 'config.json'));
  const noise = new Random(1).normal([1_000_003], 0, 0.02);
  const values = await read(noise);
  noise.dispose();
  const tensors = new Map<string, TensorToWrite>();
  for (const [name, shape] of weightLayout(config).shapes) {
    const size = shape.reduce((product, length) => product * length, 1);
    const some = new Float32Array(size);
    for (let i = 0; i < size; i += values.length) some.set(values.subarray(0, size - i), i);
    tensors.set(name, { shape, values: some, dtype: 'F16' });
  }
  await writeSafetensors(path.join(folder, 'model.safetensors'), tensors, { format: 'pt' });
}
