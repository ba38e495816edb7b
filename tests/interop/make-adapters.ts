import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {
  type EmbeddingOptions,
  loraEmbeddingsOf,
  injectEmbeddings,
  mergeEmbeddings,
} from '../../src/adapter/embedding';
import { type SaveOptions, savePretrained, trainBaseParameters } from '../../src/adapter/peft';
import type { LoRALinear } from '../../src/lora';
import { dora, injectLora, type InjectOptions, mergeLora, rsLora } from '../../src/lora';
import { saveModel } from '../../src/model';
import { Random, read, useAccelerator } from '../../src/tensor/runtime';
import { baseOf, Net, outputOf, peftCases } from '../peft-cases';

/** An adapter that is made here, to be loaded by PEFT. */
interface Recipe {
  /** that of a `PeftCase` */
  kind: string;
  inject: InjectOptions;
  save?: SaveOptions;
  /** tables that have an update too */
  tables?: EmbeddingOptions;
  /** what of the base is trained too */
  whole?: Parameters<typeof trainBaseParameters>[1];
}

const net = (inject: InjectOptions, save?: SaveOptions): Recipe => ({
  kind: 'net',
  inject,
  ...(save ? { save } : {}),
});
const gpt2 = (inject: InjectOptions, config: SaveOptions['config'] = {}): Recipe => ({
  kind: 'gpt2',
  inject,
  save: { config: { fan_in_fan_out: true, ...config } },
});

/** On a model of `fixtures/llama_tiny`. */
const llama = (kind: string, inject: InjectOptions, more: Partial<Recipe> = {}): Recipe => ({
  kind,
  inject,
  ...more,
});

const RECIPES: Recipe[] = [
  net({ targetModules: ['up'], r: 2, alpha: 5 }),
  net({ targetModules: 'all-linear', r: 3, alpha: 7 }),
  net({ targetModules: String.raw`model\.layers\.[13]\.(up|down)`, r: 2, alpha: 3 }),
  net({ targetModules: ['model.layers.0.up', 'head'], r: 1, alpha: 0.5 }),
  net({ targetModules: (name) => name.includes('.2.'), r: 4, alpha: 3, scaling: rsLora }),
  net({ targetModules: ['up', 'down'], r: (name) => (name.includes('.1.') ? 5 : 2), alpha: 9 }),
  net({ targetModules: ['up', 'head'], r: 3, alpha: (name) => 1 + name.length / 4 }),
  net({
    targetModules: ['up', 'down'],
    r: (name) => (name.endsWith('up') ? 4 : 1),
    alpha: (name) => (name.includes('.0.') ? 11 : 2),
    scaling: rsLora,
  }),
  net({ targetModules: ['down'], r: 2, alpha: 5, dropout: 0.1 }),
  net({ targetModules: ['up'], r: 2, alpha: 5 }, { dtype: 'F16' }),
  { ...net({ targetModules: ['up'], r: 2, alpha: 5 }), whole: { bias: 'lora_only' } },
  { ...net({ targetModules: ['up', 'down'], r: 2, alpha: 5 }), whole: { bias: 'all' } },
  {
    ...net({ targetModules: ['up'], r: 2, alpha: 5, variant: dora }),
    whole: { bias: 'lora_only', modulesToSave: ['head', '0.down'] },
  },
  { ...gpt2({ targetModules: ['c_attn'], r: 2, alpha: 5 }), whole: { bias: 'all' } },
  {
    ...gpt2({ targetModules: ['c_fc'], r: 2, alpha: 5 }),
    whole: { modulesToSave: ['ln_f', 'wpe', 'attn.c_proj'] },
  },
  {
    ...gpt2({ targetModules: ['c_attn'], r: 2, alpha: 5, scaling: rsLora }),
    tables: { targetModules: ['wpe'], r: 3, alpha: 7, scaling: rsLora },
  },
  gpt2({ targetModules: ['c_attn', 'mlp.c_proj'], r: 3, alpha: 5, variant: dora }),
  gpt2({ targetModules: ['c_attn'], r: 4, alpha: 10 }, { task_type: 'CAUSAL_LM' }),
  gpt2({ targetModules: 'all-linear', r: 3, alpha: 5 }),
  gpt2({ targetModules: ['mlp.c_proj'], r: 2, alpha: 8, scaling: rsLora }),
  gpt2({ targetModules: (name) => name.includes('h.1'), r: (n) => (n.length % 3) + 1, alpha: 7 }),
  gpt2({ targetModules: ['c_fc', 'c_attn'], r: 5, alpha: (n) => (n.includes('h.0') ? 2 : 30) }),
  llama('llama', { r: 2, alpha: 5 }),
  llama('llama_biases', { targetModules: ['lm_head', 'v_proj'], r: 3, alpha: 5 }),
  llama('llama_biases', { targetModules: ['lm_head'], r: 2, alpha: 5, variant: dora }),
  llama('llama_biases', { r: 2, alpha: 5 }, { whole: { bias: 'all' } }),
  llama(
    'mistral',
    { targetModules: ['k_proj'], r: 2, alpha: 5, scaling: rsLora },
    {
      tables: { targetModules: ['embed_tokens'], r: 3, alpha: 7, scaling: rsLora },
      whole: { modulesToSave: ['norm', 'lm_head'] },
    },
  ),
  llama('qwen2', { targetModules: ['o_proj'], r: 2, alpha: 5 }, { save: { dtype: 'F16' } }),
  llama('qwen3', { targetModules: 'all-linear', r: 3, alpha: 5, variant: dora }),
  llama('qwen3', { targetModules: ['q_proj'], r: (n) => (n.includes('.0.') ? 4 : 1), alpha: 9 }),
  llama('smollm3', { r: 2, alpha: (n) => (n.includes('.2.') ? 3 : 8) }),
  llama('gemma3', { targetModules: 'all-linear', r: 2, alpha: 3 }),
  llama(
    'gemma3',
    { targetModules: ['gate_proj'], r: 2, alpha: 5 },
    { tables: { targetModules: ['embed_tokens'], r: 2, alpha: 3 } },
  ),
];

/**
 * Makes one adapter, its input and output beside it, and of a language model the merged one too,
 * unless it has an adapter on a table that is also the head.
 */
async function make(
  { kind, inject, save, tables, whole }: Recipe,
  seed: number,
  folder: string,
): Promise<void> {
  const model = await baseOf(kind);
  const names = injectLora(model, { ...inject, seed });
  for (const [i, name] of names.entries()) {
    const { lora } = model.namedModules().get(name) as LoRALinear;
    const random = new Random(1000 * seed + i);
    const shape = lora.B.shape;
    tf.tidy(() => lora.B.assign(random.normal<tf.Rank.R2>(shape, 0, 0.3)));
  }
  if (tables) {
    names.push(...injectEmbeddings(model, tables));
    for (const { lora } of loraEmbeddingsOf(model).values()) {
      tf.tidy(() => lora.A.assign(new Random(seed).normal<tf.Rank.R2>(lora.A.shape, 0, 0.3)));
    }
  }
  if (whole) {
    await trainBaseParameters(model, whole);
    for (const [name, parameter] of model.namedParameters()) {
      if (!parameter.trainable || name.includes('.lora.')) continue;
      const noise = new Random(seed).normal(parameter.shape, 0, 0.1);
      tf.tidy(() => parameter.assign(parameter.add(noise)));
    }
  }
  await savePretrained(model, path.join(folder, 'adapter'), save);
  const one = peftCases.find((each) => each.kind === kind);
  if (!one) throw new Error(`there is no case ${kind}`);
  const y = Array.from(await read(outputOf(model, one)));
  const isTied = names.some((name) => model.tiedModules.includes(name));
  if (!(model instanceof Net) && !isTied) {
    await mergeLora(model);
    await mergeEmbeddings(model);
    await mkdir(path.join(folder, 'merged'));
    await saveModel(model, path.join(folder, 'merged'));
  }
  await writeFile(path.join(folder, 'expected.json'), JSON.stringify({ kind, names, x: one.x, y }));
}

async function makeAll(folder: string): Promise<void> {
  await useAccelerator();
  for (const [i, recipe] of RECIPES.entries()) {
    const at = path.join(folder, String(i).padStart(2, '0'));
    await mkdir(at, { recursive: true });
    await make(recipe, i + 1, at);
  }
}

void makeAll(process.argv[2] as string);
