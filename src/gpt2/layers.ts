import * as tf from '@tensorflow/tfjs';
import { Linear, LinearLayer, Module } from '../nn';
import type { GPT2Config } from './config';
import { gelu } from './kernels/gelu';
import { layerNorm } from './kernels/layer-norm';
import { maskedSoftmax } from './kernels/masked-softmax';
import { splitHeads } from './kernels/split-heads';

/**
 * The weights of a module by their names in it; they stay the caller's. A layer may
 * stand under its own name (`attn.c_attn`), for its weight and bias; it is taken over.
 */
export type Weights = ReadonlyMap<string, tf.Tensor | LinearLayer>;

/** y = (x - mean) / √(variance + ε) · γ + β over the last axis        (Ba et al. 2016, eq. 4) */
export class LayerNorm extends Module {
  private readonly weight: tf.Variable<tf.Rank.R1>;
  private readonly bias: tf.Variable<tf.Rank.R1>;

  constructor(
    weights: Weights,
    private readonly epsilon: number,
  ) {
    super();
    this.weight = this.shareParameter('weight', weights.get('weight') as tf.Tensor<tf.Rank.R1>);
    this.bias = this.shareParameter('bias', weights.get('bias') as tf.Tensor<tf.Rank.R1>);
  }

  forward(x: tf.Tensor): tf.Tensor {
    return layerNorm(x, this.weight, this.bias, this.epsilon);
  }
}

/** Two linear layers with a GELU between, at each position alone: x [..., nEmbd] -> the same. */
export class MLP extends Module {
  constructor(weights: Weights) {
    super();
    this.addChild('c_fc', linear(weights, 'c_fc'));
    this.addChild('c_proj', linear(weights, 'c_proj'));
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      const inner = gelu(this.child('c_fc').forward(x));
      return this.child('c_proj').forward(inner);
    });
  }
}

/** The keys and values of the positions so far, each [batch, heads, positions, nEmbd / heads]. */
export type KeyValues = {
  k: tf.Tensor;
  v: tf.Tensor;
};

/** softmax(Q Kᵀ / √d + mask) V, each position seeing itself and those before it. */
export class Attention extends Module {
  constructor(
    weights: Weights,
    private readonly config: GPT2Config,
  ) {
    super();
    this.addChild('c_attn', linear(weights, 'c_attn'));
    this.addChild('c_proj', linear(weights, 'c_proj'));
  }

  /** x [batch, time, nEmbd] -> the same */
  forward(x: tf.Tensor): tf.Tensor {
    const time = x.shape[1] as number;
    return tf.tidy(() => this.attend(x, attentionMask(time, time, null)).y);
  }

  /** `past`, if there is any, stands before x; the result holds both. Without mask all is seen. */
  attend(x: tf.Tensor, mask: tf.Tensor | null, past?: KeyValues): KeyValues & { y: tf.Tensor } {
    return tf.tidy(() => {
      const { nHead } = this.config;
      const size = (x.shape[2] as number) / nHead;
      const qkv = this.child('c_attn').forward(x); // [batch, time, 3 nEmbd]
      const [q, newK, newV] = splitHeads(qkv, nHead); // [b, h, t, d]
      const k = past ? tf.concat([past.k, newK], 2) : newK; // [b, h, T, d]
      const v = past ? tf.concat([past.v, newV], 2) : newV;
      const scores = tf.matMul<tf.Tensor4D>(q, k, false, true); // [b, h, t, T]
      const share = maskedSoftmax(scores, mask, size ** -0.5); // [b, h, t, T]
      const y = tf.matMul(share, v).transpose([0, 2, 1, 3]).reshape(x.shape);
      return { y: this.child('c_proj').forward(y), k, v };
    });
  }
}

/**
 * What is added to the scores of the last `time` of `all` positions: 0 where a position may look,
 * -1e9 ahead of it and at the padding [batch] before its text: `exp` makes that 0, and a finite
 * number can't turn into NaN. [time, all], or [batch, 1, time, all] with padding; null where every
 * position may look everywhere.
 */
export function attentionMask(
  time: number,
  all: number,
  padding: tf.Tensor1D | null,
): tf.Tensor | null {
  if (time === 1 && !padding) return null;
  return tf.tidy(() => {
    const seen = tf.range(0, all);
    const ahead = seen.greater(tf.range(all - time, all).expandDims(1)); // [time, all]
    const hidden = padding ? ahead.logicalOr(seen.less(padding.reshape([-1, 1, 1, 1]))) : ahead;
    return hidden.cast('float32').mul(-1e9);
  });
}

function linear(weights: Weights, name: string): LinearLayer {
  const layer = weights.get(name);
  if (layer instanceof LinearLayer) return layer;
  const weight = weights.get(`${name}.weight`) as tf.Tensor2D;
  return new Linear({ weight, bias: weights.get(`${name}.bias`) as tf.Tensor1D });
}
