import type { WeightLayout } from '../transformer';
import type { GPT2Config } from './config';

const PREFIX = 'transformer.';

/**
 * How GPT-2 is kept in Hugging Face's file: linear layers are Conv1D, (in, out); old files carry
 * causal masks along; the head is the token embedding.
 */
export function weightLayout(config: GPT2Config): WeightLayout {
  return {
    shapes: weightShapes(config),
    linear: /\.c_(attn|proj|fc)\.weight$/,
    transposed: true,
    prefix: PREFIX,
    ignored: /\.attn\.(bias|masked_bias)$/,
    tied: { 'lm_head.weight': `${PREFIX}wte.weight` },
  };
}

function weightShapes(config: GPT2Config): Map<string, number[]> {
  const { vocabSize, maxPositions, nEmbd: c, nInner, nLayer } = config;
  const norm = (name: string): [string, number[]][] => [
    [`${name}.weight`, [c]],
    [`${name}.bias`, [c]],
  ];
  const conv = (name: string, k: number, d: number): [string, number[]][] => [
    [`${name}.weight`, [k, d]],
    [`${name}.bias`, [d]],
  ];
  const blocks = Array.from({ length: nLayer }, (_, i) => [
    ...norm(`h.${i}.ln_1`),
    ...conv(`h.${i}.attn.c_attn`, c, 3 * c),
    ...conv(`h.${i}.attn.c_proj`, c, c),
    ...norm(`h.${i}.ln_2`),
    ...conv(`h.${i}.mlp.c_fc`, c, nInner),
    ...conv(`h.${i}.mlp.c_proj`, nInner, c),
  ]).flat();
  const tables: [string, number[]][] = [
    ['wte.weight', [vocabSize, c]],
    ['wpe.weight', [maxPositions, c]],
  ];
  const all = [...tables, ...blocks, ...norm('ln_f')];
  return new Map(all.map(([name, shape]) => [PREFIX + name, shape]));
}
