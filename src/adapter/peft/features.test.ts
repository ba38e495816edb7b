/*
 * Valid adapters of PEFT that few people have. The values are from its formula, W0 + s B A with
 * s = lora_alpha / r or / √r, in loops in float64 that share no code with the adapter.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { alea } from 'seedrandom';
import { assertClose } from '../../../tests/close';
import { FIXTURES } from '../../../tests/fixture';
import { FileError } from '../../files/local';
import { readSafetensors, type TensorToWrite, writeSafetensors } from '../../files/safetensors';
import { loraLayersOf, mergeLora, removeLora } from '../../lora';
import { loadModel } from '../../model';
import type { LanguageModel } from '../../model/transformer';
import { Linear, Module } from '../../tensor/nn';
import { memory, read, useAccelerator } from '../../tensor/runtime';
import { convertFromMlx, convertToMlx } from '../mlx';
import { removeEmbeddings } from '../embedding';
import { loadAdapter } from './load-adapter';
import { savePretrained } from './save-pretrained';

const TOLERANCE = 1e-5;
const IDS = [[3, 1, 4, 1, 5]];
const WTE = 'base_model.model.transformer.wte.weight';
const HEAD = 'base_model.model.lm_head.weight';

const root = fs.mkdtempSync(path.join(tmpdir(), 'peft-features-'));
after(() => fs.rmSync(root, { recursive: true }));
before(useAccelerator);

const gpt2 = () => loadModel(path.join(FIXTURES, 'gpt2_tiny'));

async function logitsOf(model: LanguageModel): Promise<Float32Array> {
  const y = tf.tidy(() => model.forward(model.idsTensor(IDS)));
  return read(y).finally(() => y.dispose());
}

/** Numbers from -0.2 to 0.2. */
function draw(shape: number[], seed: number): TensorToWrite {
  const random = alea(`${seed}`);
  const size = shape.reduce((product, one) => product * one, 1);
  return { shape, values: Float32Array.from({ length: size }, () => 0.4 * random() - 0.2) };
}

type Tensors = Map<string, TensorToWrite>;

/** Writes an adapter as PEFT does: its keys, its names, its two files. */
async function write(config: Record<string, unknown>, tensors: Tensors): Promise<string> {
  const folder = fs.mkdtempSync(path.join(root, 'adapter-'));
  const json = { peft_type: 'LORA', fan_in_fan_out: true, ...config };
  fs.writeFileSync(path.join(folder, 'adapter_config.json'), JSON.stringify(json));
  await writeSafetensors(path.join(folder, 'adapter_model.safetensors'), tensors, { format: 'pt' });
  return folder;
}

/** A and B for each linear layer of this kind. */
function factors(model: LanguageModel, ending: string, r: number): Tensors {
  const tensors: Tensors = new Map();
  let seed = 1;
  for (const [name, layer] of model.namedModules()) {
    if (!name.endsWith(ending) || !(layer instanceof Linear)) continue;
    const full = `base_model.model.${name}`;
    tensors.set(`${full}.lora_A.weight`, draw([r, layer.inFeatures], seed++));
    tensors.set(`${full}.lora_B.weight`, draw([layer.outFeatures, r], seed++));
  }
  return tensors;
}

/** W0 + s B A on each layer that the tensors have factors of. */
async function addProducts(
  model: LanguageModel,
  tensors: Tensors,
  scale: (name: string) => number,
): Promise<void> {
  for (const [tensor, { values: A, shape }] of tensors) {
    const [, name] = /^base_model\.model\.(.+)\.lora_A\.weight$/.exec(tensor) ?? [];
    if (name === undefined) continue;
    const [r, k] = shape as [number, number];
    const { values: B } = tensors.get(tensor.replace('lora_A', 'lora_B')) as TensorToWrite;
    const { weight } = model.namedModules().get(name) as Linear;
    const W = await read(weight);
    const sum = W.map((w, at) => {
      const [row, column] = [Math.floor(at / k), at % k];
      let product = 0;
      for (let i = 0; i < r; i++) product += Number(B[row * r + i]) * Number(A[i * k + column]);
      return w + scale(name) * product;
    });
    tf.tidy(() => weight.assign(tf.tensor2d(sum, weight.shape)));
  }
}

async function tensorsOf(folder: string): Promise<Record<string, Float32Array>> {
  const reader = await readSafetensors(path.join(folder, 'adapter_model.safetensors'));
  const all: Record<string, Float32Array> = {};
  for (const name of reader.tensors.keys()) all[name] = await reader.read(name);
  await reader.close();
  return all;
}

/** Fails unless loading fails with a FileError like this, and the model stays as it was. */
async function refuses(model: Module, folder: string, pattern: RegExp): Promise<void> {
  const start = memory();
  const names = [...model.namedParameters().keys()];
  await assert.rejects(loadAdapter(model, folder), (error: Error) => {
    assert.ok(error instanceof FileError, error.stack);
    assert.match(error.message, pattern);
    return true;
  });
  assert.deepEqual(memory(), start);
  assert.deepEqual([...model.namedParameters().keys()], names);
}

describe('any rank and any alpha', () => {
  for (const [what, r, config, scale] of [
    ['rank 32 on layers of 24', 32, { lora_alpha: 8 }, () => 8 / 32],
    ['rank 100 and rsLoRA', 100, { lora_alpha: 8, use_rslora: true }, () => 8 / 10],
    ['lora_alpha 0', 4, { lora_alpha: 0 }, () => 0],
    ['lora_alpha 0 and rsLoRA', 4, { lora_alpha: 0, use_rslora: true }, () => 0],
    ['lora_alpha below 0', 4, { lora_alpha: -6 }, () => -1.5],
    [
      'alpha 0 for some layers only',
      4,
      { lora_alpha: 10, alpha_pattern: { 'h.0.attn.c_attn': 0 } },
      (name: string) => (name.includes('.h.0.') ? 0 : 2.5),
    ],
  ] as const) {
    test(`${what}: loads, merges, saves, and goes through mlx-lm`, async () => {
      const [model, reference, again, converted] = [
        await gpt2(),
        await gpt2(),
        await gpt2(),
        await gpt2(),
      ];
      const tensors = factors(model, 'attn.c_attn', r);
      const theirs = await write({ r, target_modules: ['c_attn'], ...config }, tensors);
      await addProducts(reference, tensors, scale);
      const expected = await logitsOf(reference);
      const loaded = await loadAdapter(model, theirs);
      assert.equal(loraLayersOf(model).size, tensors.size / 2);
      assertClose(await logitsOf(model), expected, TOLERANCE);

      const [ours, mlx, back] = ['ours', 'mlx', 'back'].map((at) => path.join(root, at)) as [
        string,
        string,
        string,
      ];
      await savePretrained(model, ours, { config: loaded.config });
      assert.deepEqual(await tensorsOf(ours), await tensorsOf(theirs));
      await loadAdapter(again, ours);
      assert.deepEqual(await logitsOf(again), await logitsOf(model));

      await convertToMlx(theirs, mlx);
      await convertFromMlx(mlx, back);
      await loadAdapter(converted, back);
      assertClose(await logitsOf(converted), expected, TOLERANCE);

      await mergeLora(model);
      assertClose(await logitsOf(model), expected, TOLERANCE);
      for (const one of [model, reference, again, converted]) one.dispose();
    });
  }
});

describe('save_embedding_layers', () => {
  const config = { r: 4, lora_alpha: 8, target_modules: ['c_attn'] };
  const shape = async () => [
    ...((await gpt2()).namedParameters().get('transformer.wte.weight')?.shape ?? []),
  ];

  for (const [what, names] of [
    ['the table and the head', [WTE, HEAD]],
    ['the table alone', [WTE]],
    ['the head alone', [HEAD]],
  ] as const) {
    test(`${what}: take the place of the base's, and are saved again`, async () => {
      const [model, reference, again] = [await gpt2(), await gpt2(), await gpt2()];
      const before = await logitsOf(model);
      const tensors = factors(model, 'attn.c_attn', 4);
      const table = draw(await shape(), 99);
      for (const name of names) tensors.set(name, table);
      const theirs = await write(config, tensors);
      await addProducts(reference, tensors, () => 2);
      const { weight } = reference.namedModules().get('transformer.wte') as unknown as {
        weight: tf.Variable;
      };
      tf.tidy(() => weight.assign(tf.tensor(table.values, weight.shape)));
      const expected = await logitsOf(reference);
      const start = memory();

      const loaded = await loadAdapter(model, theirs);
      assertClose(await logitsOf(model), expected, TOLERANCE);
      const trainable = [...model.namedParameters()].filter(([, one]) => one.trainable);
      assert.ok(trainable.every(([name]) => name.includes('.lora.')));
      const ours = path.join(root, 'tables');
      await savePretrained(model, ours, { config: loaded.config });
      assert.deepEqual(await tensorsOf(ours), await tensorsOf(theirs));
      await loadAdapter(again, ours);
      assert.deepEqual(await logitsOf(again), await logitsOf(model));

      loaded.restoreBase();
      removeLora(model);
      assert.deepEqual(await logitsOf(model), before);
      again.dispose();
      assert.ok(memory().tensors <= start.tensors);
      const plain = await loadAdapter(model, await write(config, factors(model, 'attn.c_attn', 4)));
      await savePretrained(model, ours, { config: plain.config });
      assert.ok(!(WTE in (await tensorsOf(ours))));
      for (const one of [model, reference]) one.dispose();
    });
  }

  test('with an adapter on the table, too', async () => {
    const model = await gpt2();
    const [rows, width] = (await shape()) as [number, number];
    const tensors = factors(model, 'attn.c_attn', 4);
    const full = 'base_model.model.transformer.wte';
    const table = draw([rows, width], 99);
    const [A, B] = [draw([4, rows], 98), draw([width, 4], 97)];
    tensors.set(`${full}.base_layer.weight`, table);
    tensors.set(`${full}.lora_embedding_A`, A).set(`${full}.lora_embedding_B`, B);
    const theirs = await write({ ...config, target_modules: ['c_attn', 'wte'] }, tensors);
    const loaded = await loadAdapter(model, theirs);
    const layer = model.namedModules().get('transformer.wte') as Module;
    const y = await read(layer.forward(tf.tensor1d([2, 7], 'int32')));
    const expected = [2, 7].flatMap((row) =>
      Array.from({ length: width }, (_, column) => {
        let sum = Number(table.values[row * width + column]);
        for (let i = 0; i < 4; i++) {
          sum += 2 * Number(A.values[i * rows + row]) * Number(B.values[column * 4 + i]);
        }
        return sum;
      }),
    );
    assertClose(y, expected, TOLERANCE);
    const ours = path.join(root, 'both');
    await savePretrained(model, ours, { config: loaded.config });
    assert.deepEqual(await tensorsOf(ours), await tensorsOf(theirs));
    removeLora(model);
    removeEmbeddings(model);
    model.dispose();
  });

  test('of another size, not finite, or two that differ are refused by name', async () => {
    const model = await gpt2();
    const [rows, width] = (await shape()) as [number, number];
    const folder = (more: [string, TensorToWrite][]) =>
      write(config, new Map([...factors(model, 'attn.c_attn', 4), ...more]));
    const broken = draw([rows, width], 1);
    broken.values[3] = NaN;
    for (const [more, pattern] of [
      [
        [[WTE, draw([rows + 1, width], 1)]],
        new RegExp(`wte.weight must be \\[${rows}, ${width}\\], got`),
      ],
      [[[WTE, broken]], /wte.weight must be finite, got 1 of/],
      [
        [
          [WTE, draw([rows, width], 1)],
          [HEAD, draw([rows, width], 2)],
        ],
        /lm_head.weight must equal base_model.model.transformer.wte.weight/,
      ],
      [
        [['base_model.model.transformer.ln_f.weight', draw([width], 1)]],
        /ln_f.weight is unexpected/,
      ],
    ] as [[string, TensorToWrite][], RegExp][]) {
      await refuses(model, await folder(more), pattern);
    }
    model.dispose();
  });
});

describe('an adapter on lm_head', () => {
  test('is refused by name where the head is the embedding table', async () => {
    const model = await gpt2();
    const tensors = factors(model, 'attn.c_attn', 4);
    for (const target_modules of [['lm_head'], ['c_attn', 'lm_head'], '.*', '.*(c_attn|lm_head)']) {
      const folder = await write({ r: 4, target_modules }, tensors);
      await refuses(
        model,
        folder,
        /: target_modules = .* is unsupported: it names lm_head, which is transformer\.wte here/,
      );
    }
    const excluded = { target_modules: '.*(c_attn|lm_head)', exclude_modules: ['lm_head'] };
    await loadAdapter(model, await write({ r: 4, ...excluded }, tensors));
    model.dispose();
  });

  test('loads where the head is a layer of its own', async () => {
    class WithHead extends Module {
      constructor() {
        super();
        this.addChild('lm_head', new Linear({ inFeatures: 3, outFeatures: 4, seed: 1 }));
      }
      forward(x: tf.Tensor): tf.Tensor {
        return this.child('lm_head').forward(x);
      }
    }
    const [A, B] = [draw([2, 3], 1), draw([4, 2], 2)];
    const tensors = new Map([
      ['base_model.model.lm_head.lora_A.weight', A],
      ['base_model.model.lm_head.lora_B.weight', B],
    ]);
    const model = new WithHead();
    const folder = await write(
      { r: 2, target_modules: ['lm_head'], fan_in_fan_out: false },
      tensors,
    );
    assert.deepEqual((await loadAdapter(model, folder)).names, ['lm_head']);
    model.dispose();
  });
});
