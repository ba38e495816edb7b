import * as tf from '@tensorflow/tfjs';
import { Module } from '../../tensor/nn';
import {
  attention,
  gelu,
  type KeyValues,
  linearOf,
  type Weights,
  weightsBelow,
} from '../transformer';
import type { BlockKind, LlamaConfig } from './config';
import { rmsNorm } from './ops/rms-norm';
import { rotateHeads } from './ops/rotate-heads';
import { swiglu } from './ops/swiglu';
import { type Place, placeAtStart } from './place';
import type { Rotations } from './rotations';

/** y = x / √(mean(x²) + ε) · (γ + offset) over the last axis    (Zhang and Sennrich 2019, eq. 4) */
export class RMSNorm extends Module {
  private readonly weight: tf.Variable<tf.Rank.R1>;

  constructor(
    weights: Weights,
    private readonly config: Pick<LlamaConfig, 'epsilon' | 'normOffset'>,
  ) {
    super();
    this.weight = this.shareParameter('weight', weights.get('weight') as tf.Tensor1D);
  }

  forward(x: tf.Tensor): tf.Tensor {
    const { epsilon, normOffset: offset } = this.config;
    return rmsNorm({ x, weight: this.weight }, { epsilon, offset });
  }
}

/** down(act(gate(x)) · up(x)), at each position alone: x [..., hiddenSize] -> the same. */
export class MLP extends Module {
  constructor(
    weights: Weights,
    private readonly config: LlamaConfig,
  ) {
    super();
    for (const name of ['gate_proj', 'up_proj', 'down_proj']) {
      this.addChild(name, linearOf(weights, name));
    }
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      const gate = this.child('gate_proj').forward(x);
      const up = this.child('up_proj').forward(x);
      const isSilu = this.config.activation === 'silu';
      const inner = isSilu ? swiglu({ gate, up }) : gelu({ x: gate }).mul(up);
      return this.child('down_proj').forward(inner);
    });
  }
}

/** softmax(Q Kᵀ / √d) V, q and k rotated by their positions; several heads share k and v. */
export class Attention extends Module {
  constructor(
    weights: Weights,
    private readonly config: LlamaConfig,
    private readonly kind: BlockKind,
  ) {
    super();
    for (const name of ['q_proj', 'k_proj', 'v_proj', 'o_proj']) {
      this.addChild(name, linearOf(weights, name));
    }
    for (const name of config.qkNorm ? ['q_norm', 'k_norm'] : []) {
      this.addChild(name, new RMSNorm(weightsBelow(weights, name), config));
    }
  }

  /** x [batch, time, hiddenSize] -> the same */
  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.attend(x, placeAtStart(this.config, this.kind, x)).y);
  }

  /** Attends to the past, if any, and to x; the result's k and v hold both. */
  attend(
    x: tf.Tensor,
    { rotations, first }: Place,
    past?: KeyValues,
  ): KeyValues & { y: tf.Tensor } {
    return tf.tidy(() => {
      const q = this.heads('q', x, rotations); // [b, h, t, d]
      const newK = this.heads('k', x, rotations); // [b, kv, t, d]
      const newV = this.heads('v', x, null);
      const k = past ? tf.concat4d([past.k, newK], 2) : newK; // [b, kv, T, d]
      const v = past ? tf.concat4d([past.v, newV], 2) : newV;
      const y = attention({ q, k, v, first }, { scale: this.config.attentionScale });
      return { y: this.child('o_proj').forward(y), k, v };
    });
  }

  /** x [b, t, hiddenSize] -> heads of q, k or v: [b, h, t, d] */
  private heads(part: 'q' | 'k' | 'v', x: tf.Tensor, rotations: Rotations | null): tf.Tensor4D {
    const [batch, time] = x.shape as [number, number];
    const shape = [batch, time, -1, this.config.headDim];
    const heads = this.child(`${part}_proj`).forward(x).reshape(shape);
    const isNormed = this.config.qkNorm && part !== 'v';
    const normed = isNormed ? this.child(`${part}_norm`).forward(heads) : heads;
    return rotations ? rotateHeads({ x: normed, ...rotations }) : normed.transpose([0, 2, 1, 3]);
  }
}
