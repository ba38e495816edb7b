import type { WeightLayout } from '../transformer';
import type { LlamaConfig } from './config';

const PREFIX = 'model.';

/** How the weights of a decoder like Llama's are kept in Hugging Face's files, (out, in) everywhere. */
export function weightLayout(config: LlamaConfig): WeightLayout {
  return {
    shapes: weightShapes(config),
    linear: /_proj\.weight$/,
    transposed: false,
    prefix: PREFIX,
    ignored: /\.rotary_emb\.inv_freq$/,
    tied: config.tied ? { 'lm_head.weight': `${PREFIX}embed_tokens.weight` } : {},
  };
}

type Shapes = [name: string, shape: number[]][];

function weightShapes(config: LlamaConfig): Map<string, number[]> {
  const { vocabSize, hiddenSize, tied, blocks } = config;
  return new Map<string, number[]>([
    [`${PREFIX}embed_tokens.weight`, [vocabSize, hiddenSize]],
    ...blocks.flatMap((_, i) =>
      blockShapes(config).map(
        ([name, shape]) => [`${PREFIX}layers.${i}.${name}`, shape] as [string, number[]],
      ),
    ),
    [`${PREFIX}norm.weight`, [hiddenSize]],
    ...(tied ? [] : ([['lm_head.weight', [vocabSize, hiddenSize]]] as Shapes)),
  ]);
}

function blockShapes(config: LlamaConfig): Shapes {
  const { hiddenSize: width, intermediateSize: inner, heads, kvHeads, headDim, bias } = config;
  const [q, kv] = [heads * headDim, kvHeads * headDim];
  const linear = (name: string, d: number, k: number, hasBias: boolean): Shapes => [
    [`${name}_proj.weight`, [d, k]],
    ...(hasBias ? ([[`${name}_proj.bias`, [d]]] as Shapes) : []),
  ];
  const norm = (name: string, size: number, isThere = true): Shapes =>
    isThere ? [[`${name}.weight`, [size]]] : [];
  return [
    ...norm('input_layernorm', width),
    ...linear('self_attn.q', q, width, bias.qkv),
    ...linear('self_attn.k', kv, width, bias.qkv),
    ...linear('self_attn.v', kv, width, bias.qkv),
    ...linear('self_attn.o', width, q, bias.o),
    ...norm('self_attn.q_norm', headDim, config.qkNorm),
    ...norm('self_attn.k_norm', headDim, config.qkNorm),
    ...norm('post_attention_layernorm', width),
    ...norm('pre_feedforward_layernorm', width, config.sandwich),
    ...linear('mlp.gate', inner, width, bias.mlp),
    ...linear('mlp.up', inner, width, bias.mlp),
    ...linear('mlp.down', width, inner, bias.mlp),
    ...norm('post_feedforward_layernorm', width, config.sandwich),
  ];
}
