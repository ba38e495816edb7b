import * as tf from '@tensorflow/tfjs';
import { Module } from '../../tensor/nn';
import { type KeyValues, residual, type Weights, weightsBelow } from '../transformer';
import type { BlockKind, LlamaConfig } from './config';
import { Attention, MLP, RMSNorm } from './layers';
import { type Place, placeAtStart } from './place';

/**
 * x + attention(norm(x)), then x + mlp(norm(x)): [batch, time, hiddenSize] -> the same. In a sandwich
 * the outputs of attention and MLP are normed too, before they are added.
 */
export class Block extends Module {
  private readonly attention: Attention;

  constructor(
    weights: Weights,
    private readonly config: LlamaConfig,
    private readonly kind: BlockKind,
  ) {
    super();
    const below = (name: string) => weightsBelow(weights, name);
    const norm = (name: string) => this.addChild(name, new RMSNorm(below(name), config));
    norm('input_layernorm');
    this.attention = this.addChild('self_attn', new Attention(below('self_attn'), config, kind));
    norm('post_attention_layernorm');
    if (config.sandwich) norm('pre_feedforward_layernorm');
    this.addChild('mlp', new MLP(below('mlp'), config));
    if (config.sandwich) norm('post_feedforward_layernorm');
  }

  forward(x: tf.Tensor): tf.Tensor {
    const { config, kind } = this;
    return tf.tidy(() => this.extend(x, placeAtStart(config, kind, x)).y);
  }

  extend(x: tf.Tensor, place: Place, past?: KeyValues): KeyValues & { y: tf.Tensor } {
    const apply = (name: string, to: tf.Tensor) => this.child(name).forward(to);
    const { sandwich } = this.config;
    return tf.tidy(() => {
      const { y: seen, k, v } = this.attention.attend(apply('input_layernorm', x), place, past);
      const attended = sandwich ? apply('post_attention_layernorm', seen) : seen;
      const middle = residual({ x, y: attended });
      const before = sandwich ? 'pre_feedforward_layernorm' : 'post_attention_layernorm';
      const made = apply('mlp', apply(before, middle));
      const added = sandwich ? apply('post_feedforward_layernorm', made) : made;
      return { y: residual({ x: middle, y: added }), k, v };
    });
  }
}
