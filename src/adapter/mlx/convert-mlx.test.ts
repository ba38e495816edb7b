import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertClose } from '../../../tests/close';
import { decodeFloat32 } from '../../../tests/fixture';
import { baseOf, outputOf, peftCase, writeCase } from '../../../tests/peft-cases';
import { FileError } from '../../files/local';
import { readSafetensors, writeSafetensors } from '../../files/safetensors';
import type { LoRALinear } from '../../lora';
import { LoraError } from '../../tensor/errors';
import { read, useAccelerator } from '../../tensor/runtime';
import { loadAdapter } from '../peft';
import { convertFromMlx, convertToMlx } from './convert-mlx';

const root = fs.mkdtempSync(path.join(tmpdir(), 'peft-mlx-'));
after(() => fs.rmSync(root, { recursive: true }));
before(useAccelerator);

/** scale (a b)ᵀ, which is ΔW, in float64 from the files of mlx-lm. */
async function deltaOf(folder: string, name: string): Promise<number[]> {
  const config = JSON.parse(fs.readFileSync(path.join(folder, 'adapter_config.json'), 'utf8')) as {
    lora_parameters: { scale: number; rank: number };
  };
  const { scale, rank } = config.lora_parameters;
  const reader = await readSafetensors(path.join(folder, 'adapters.safetensors'));
  const [a, b] = [await reader.read(`${name}.lora_a`), await reader.read(`${name}.lora_b`)];
  await reader.close();
  const [k, d] = [a.length / rank, b.length / rank];
  return Array.from({ length: d * k }, (_, at) => {
    const [i, j] = [Math.floor(at / k), at % k];
    let sum = 0;
    for (let q = 0; q < rank; q++) sum += (a[j * rank + q] as number) * (b[q * d + i] as number);
    return scale * sum;
  });
}

describe('mlx-lm', () => {
  for (const [kind, name] of [
    ['net', 'two entries'],
    ['net', 'rsLoRA, ranks and alphas'],
    ['net', 'ranks, the first counts'],
    ['gpt2', 'ranks and alphas'],
    ['qwen3', 'rsLoRA, ranks and alphas'],
  ] as const) {
    test(`there and back: ${kind}, ${name}`, async () => {
      const one = peftCase(kind, name);
      const [theirs, mlx, back] = ['theirs', 'mlx', 'back'].map((at) => path.join(root, at)) as [
        string,
        string,
        string,
      ];
      await writeCase(one, theirs);
      const toMlx = (layer: string) => layer.replace(/^transformer\./, 'model.');
      await convertToMlx(theirs, mlx, { rename: toMlx });

      const model = await baseOf(kind);
      const { names } = await loadAdapter(model, theirs);
      for (const layer of names) {
        const { lora } = model.namedModules().get(layer) as LoRALinear;
        assertClose(await deltaOf(mlx, toMlx(layer)), await read(lora.deltaWeight()), 1e-5, layer);
      }

      await convertFromMlx(mlx, back, {
        rename: (layer) => (kind === 'gpt2' ? layer.replace(/^model\./, 'transformer.') : layer),
      });
      const again = await baseOf(kind);
      assert.deepEqual((await loadAdapter(again, back)).names, names);
      assertClose(await read(outputOf(again, one)), decodeFloat32(one.y), 1e-5);
    });
  }

  test('an alpha that may count is refused by name; one that does not count is not', async () => {
    const [folder, to] = [path.join(root, 'alpha'), path.join(root, 'alpha-peft')];
    fs.mkdirSync(folder);
    const config = path.join(folder, 'adapter_config.json');
    const values = new Float32Array(6).fill(1);
    const pair = { 'x.lora_a': { shape: [3, 2], values }, 'x.lora_b': { shape: [2, 3], values } };
    await writeSafetensors(
      path.join(folder, 'adapters.safetensors'),
      new Map(Object.entries(pair)),
    );
    const parameters = { rank: 2, dropout: 0, scale: 10 };
    for (const alpha of [4, 1, '2', 0]) {
      for (const more of [{}, { lora_layers: 16 }]) {
        const json = { ...more, lora_parameters: { ...parameters, alpha } };
        fs.writeFileSync(config, JSON.stringify(json));
        await assert.rejects(convertFromMlx(folder, to), (error: Error) => {
          assert.ok(error instanceof FileError);
          assert.match(
            error.message,
            /lora_parameters\.alpha must not be there, got .* with rank 2/,
          );
          return true;
        });
      }
    }
    for (const json of [
      { lora_parameters: { ...parameters, alpha: 2 } },
      { lora_parameters: { ...parameters, alpha: null } },
      { lora_parameters: { ...parameters, alpha: 16 }, fine_tune_type: 'lora' },
      { lora_parameters: { ...parameters, alpha: 16 }, num_layers: 8 },
    ]) {
      fs.writeFileSync(config, JSON.stringify(json));
      await convertFromMlx(folder, to);
      const peft = fs.readFileSync(path.join(to, 'adapter_config.json'), 'utf8');
      assert.equal((JSON.parse(peft) as { lora_alpha: number }).lora_alpha, 20); // scale r
    }
  });

  test('unsupported and broken files are refused', async () => {
    const folder = path.join(root, 'bad');
    fs.mkdirSync(folder);
    const save = async (config: unknown, shapes: Readonly<Record<string, readonly number[]>>) => {
      fs.writeFileSync(path.join(folder, 'adapter_config.json'), JSON.stringify(config));
      const tensors = Object.entries(shapes).map(([name, shape]) => {
        const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
        return [name, { shape, values }] as const;
      });
      await writeSafetensors(path.join(folder, 'adapters.safetensors'), new Map(tensors));
    };
    const good = { lora_parameters: { scale: 2 } };
    const pair = { 'x.lora_a': [3, 2], 'x.lora_b': [2, 4] };
    for (const [config, shapes, pattern] of [
      [{ ...good, fine_tune_type: 'dora' }, pair, /fine_tune_type must be "lora"/],
      [{ ...good, use_dora: true }, pair, /use_dora must be false/],
      [{ lora_parameters: {} }, pair, /scale must be a positive number/],
      [null, pair, /must hold a JSON object, got null/],
      [good, { ...pair, 'x.m': [4] }, /x.m is unsupported/],
      [good, { 'x.lora_a': [3, 2] }, /x.lora_a is unsupported/],
      [good, { 'x.lora_a': [3, 2], 'x.lora_b': [1, 4] }, /is unsupported: only pairs/],
      [good, { ...pair, 'y.lora_a': [3, 1], 'y.lora_b': [1, 4] }, /pairs of one rank, got 2, 1/],
      [good, {}, /pairs of one rank, got none/],
    ] as const) {
      await save(config, shapes);
      await assert.rejects(convertFromMlx(folder, path.join(root, 'none')), (error: Error) => {
        assert.ok(error instanceof FileError && error instanceof LoraError, error.message);
        assert.match(error.message, pattern);
        return true;
      });
    }
    assert.ok(!fs.existsSync(path.join(root, 'none')));
  });
});
