import * as tf from '@tensorflow/tfjs';
import type { GPT2Config } from '../../../model/gpt2';

/** The factors A and B on a layer. */
export interface TfjsAdapter {
  A: tf.Tensor2D;
  B: tf.Tensor2D;
  scaling: number;
}

/** Keys and values of the earlier tokens in a layer, [batch, heads, time, size]. */
export type TfjsPast = { k: tf.Tensor; v: tf.Tensor };

/**
 * GPT-2 with LoRA in tfjs ops, with the gradients of tfjs: the model that one would write without
 * this library, which is compared with it. It uses none of this library's kernels.
 */
export class TfjsGPT2 {
  constructor(
    private readonly config: GPT2Config,
    /** by Hugging Face's names; linear ones are (out, in) */
    private readonly weights: ReadonlyMap<string, tf.Tensor>,
    /** by the names of their layers */
    private readonly adapters: ReadonlyMap<string, TfjsAdapter>,
  ) {}

  /** ids [b, t] -> logits [b, t, vocab] and the past with these tokens. Called in a `tf.tidy`. */
  forward(ids: tf.Tensor2D, past: TfjsPast[] = []): { logits: tf.Tensor3D; past: TfjsPast[] } {
    const [b, t] = ids.shape;
    const start = past[0]?.k.shape[2] ?? 0;
    const wte = this.weight('wte.weight');
    const positions = tf.slice(this.weight('wpe.weight'), [start, 0], [t, -1]);
    let x: tf.Tensor = tf.gather(wte, ids).add(positions); // [b, t, c]
    const mask = t > 1 ? causalMask(t) : null;
    const extended = Array.from({ length: this.config.nLayer }, (_, i) => {
      const { y, k, v } = this.attention(`h.${i}`, this.norm(`h.${i}.ln_1`, x), mask, past[i]);
      x = x.add(y);
      x = x.add(this.mlp(`h.${i}`, this.norm(`h.${i}.ln_2`, x)));
      return { k, v };
    });
    const hidden = this.norm('ln_f', x).reshape([b * t, this.config.nEmbd]);
    const logits = tf.matMul(hidden, wte, false, true);
    return { logits: logits.reshape([b, t, this.config.vocabSize]), past: extended };
  }

  private attention(block: string, x: tf.Tensor, mask: tf.Tensor | null, past?: TfjsPast) {
    const [b, t, c] = x.shape as [number, number, number];
    const { nHead } = this.config;
    const size = c / nHead;
    const qkv = tf.split(this.linear(`${block}.attn.c_attn`, x), 3, 2);
    const heads = (part: tf.Tensor) => part.reshape([b, t, nHead, size]).transpose([0, 2, 1, 3]);
    const [q, newK, newV] = qkv.map(heads) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const k = past ? tf.concat([past.k, newK], 2) : newK;
    const v = past ? tf.concat([past.v, newV], 2) : newV;
    const scores = tf.matMul(q, k, false, true).mul(1 / Math.sqrt(size));
    const share = tf.softmax(mask ? scores.add(mask) : scores);
    const seen = tf.matMul(share, v).transpose([0, 2, 1, 3]).reshape([b, t, c]);
    return { y: this.linear(`${block}.attn.c_proj`, seen), k, v };
  }

  private mlp(block: string, x: tf.Tensor): tf.Tensor {
    return this.linear(`${block}.mlp.c_proj`, gelu(this.linear(`${block}.mlp.c_fc`, x)));
  }

  private linear(name: string, x: tf.Tensor): tf.Tensor {
    const [w0, bias] = [this.weight(`${name}.weight`), this.weight(`${name}.bias`)];
    const rows = x.reshape<tf.Tensor2D>([-1, w0.shape[1] as number]);
    const y = tfjsLinear(rows, w0 as tf.Tensor2D, bias, this.adapters.get(name));
    return y.reshape([...x.shape.slice(0, -1), w0.shape[0]]);
  }

  private norm(name: string, x: tf.Tensor): tf.Tensor {
    const { mean, variance } = tf.moments(x, -1, true);
    const normal = x.sub(mean).div(variance.add(this.config.layerNormEpsilon).sqrt());
    return normal.mul(this.weight(`${name}.weight`)).add(this.weight(`${name}.bias`));
  }

  private weight(name: string): tf.Tensor {
    return this.weights.get(`transformer.${name}`) as tf.Tensor;
  }
}

/** x W0ᵀ + b + s (x Aᵀ) Bᵀ */
export function tfjsLinear(
  x: tf.Tensor2D,
  w0: tf.Tensor2D,
  bias: tf.Tensor,
  adapter?: TfjsAdapter,
): tf.Tensor {
  const y = tf.matMul(x, w0, false, true).add(bias);
  if (!adapter) return y;
  const low = tf.matMul(x, adapter.A, false, true);
  return y.add(tf.matMul(low, adapter.B, false, true).mul(adapter.scaling));
}

/** 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))) */
function gelu(x: tf.Tensor): tf.Tensor {
  const inner = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(0.5).mul(tf.tanh(inner).add(1));
}

function causalMask(t: number): tf.Tensor {
  return tf.sub(1, tf.linalg.bandPart(tf.ones([t, t]), -1, 0)).mul(-1e9);
}
