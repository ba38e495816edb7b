import * as tf from '@tensorflow/tfjs';
import { Module } from '../../tensor/nn';
import {
  attention,
  firstSeen,
  gelu,
  type KeyValues,
  linearOf,
  splitHeads,
  type Weights,
} from '../transformer';
import type { GPT2Config } from './config';
import { layerNorm } from './ops/layer-norm';

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
    const { weight, bias, epsilon } = this;
    return layerNorm({ x, weight, bias }, { epsilon });
  }
}

/** Two linear layers with a GELU between, at each position alone: x [..., nEmbd] -> the same. */
export class MLP extends Module {
  constructor(weights: Weights) {
    super();
    this.addChild('c_fc', linearOf(weights, 'c_fc'));
    this.addChild('c_proj', linearOf(weights, 'c_proj'));
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      const inner = gelu({ x: this.child('c_fc').forward(x) });
      return this.child('c_proj').forward(inner);
    });
  }
}

/** softmax(Q Kᵀ / √d) V; each position sees itself and those before it. */
export class Attention extends Module {
  constructor(
    weights: Weights,
    private readonly config: GPT2Config,
  ) {
    super();
    this.addChild('c_attn', linearOf(weights, 'c_attn'));
    this.addChild('c_proj', linearOf(weights, 'c_proj'));
  }

  /** x [batch, time, nEmbd] -> the same */
  forward(x: tf.Tensor): tf.Tensor {
    const time = x.shape[1] as number;
    return tf.tidy(() => this.attend(x, firstSeen(time, time)).y);
  }

  /** Attends to the past, if any, and to x; the result's k and v hold both. */
  attend(x: tf.Tensor, first: tf.Tensor2D, past?: KeyValues): KeyValues & { y: tf.Tensor } {
    return tf.tidy(() => {
      const { nHead } = this.config;
      const size = (x.shape[2] as number) / nHead;
      const qkv = this.child('c_attn').forward(x); // [batch, time, 3 nEmbd]
      const { q, k: newK, v: newV } = splitHeads({ qkv }, { heads: nHead }); // [b, h, t, d]
      const k = past ? tf.concat4d([past.k, newK], 2) : newK; // [b, h, T, d]
      const v = past ? tf.concat4d([past.v, newV], 2) : newV;
      const y = attention({ q, k, v, first }, { scale: size ** -0.5 });
      return { y: this.child('c_proj').forward(y), k, v };
    });
  }
}
