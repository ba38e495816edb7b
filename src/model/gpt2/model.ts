import * as tf from '@tensorflow/tfjs';
import { Embedding, Module } from '../../tensor/nn';
import {
  firstSeen,
  type KeyValues,
  LanguageModel,
  type ModelSource,
  positions,
  residual,
  type RunBlock,
  type Starts,
  type WeightLayout,
  type Weights,
  weightsBelow,
} from '../transformer';
import { configJson, type GPT2Config } from './config';
import { Attention, LayerNorm, MLP } from './layers';
import { weightLayout } from './weight-layout';

/**
 * GPT-2 (Radford et al. 2019): embeddings, `nLayer` blocks, a norm, and the token embedding again
 * as the head. Modules and parameters have Hugging Face's names; linear weights are (out, in).
 */
export class GPT2 extends LanguageModel {
  private readonly wte: Embedding;
  private readonly blocks: Block[];

  /**
   * @param weights by parameter name: tensors stay the caller's, layers do not
   * @param source the files that the model comes from, if any
   */
  constructor(
    readonly config: GPT2Config,
    weights: Weights,
    source: ModelSource = {},
  ) {
    super(source);
    const table = (name: string) => ({ weight: weights.get(`${name}.weight`) as tf.Tensor2D });
    this.wte = this.addChild('transformer.wte', new Embedding(table('transformer.wte')));
    this.addChild('transformer.wpe', new Embedding(table('transformer.wpe')));
    this.blocks = Array.from({ length: config.nLayer }, (_, i) => {
      const name = `transformer.h.${i}`;
      return this.addChild(name, new Block(weightsBelow(weights, name), config));
    });
    const norm = new LayerNorm(weightsBelow(weights, 'transformer.ln_f'), config.layerNormEpsilon);
    this.addChild('transformer.ln_f', norm);
  }

  /** The token embedding, which is the head too. */
  override get tiedModules(): readonly string[] {
    return ['transformer.wte'];
  }

  override get defaultTargets(): string[] {
    return ['c_attn'];
  }

  /** The head's weight W [vocabSize, nEmbd]: logits are h Wᵀ. */
  override get head(): tf.Tensor2D {
    return this.wte.weight;
  }

  override get weightLayout(): WeightLayout {
    return weightLayout(this.config);
  }

  override configJson(): Record<string, unknown> {
    return configJson(this.config, this.source.config);
  }

  protected override run(
    ids: tf.Tensor,
    { past, starts }: { past: readonly KeyValues[]; starts: Starts | null },
    runBlock: RunBlock,
  ): tf.Tensor {
    this.assertAlive('GPT2.hiddenStates');
    const { start, end } = this.positionsOf(ids, past, 'n_positions');
    const embedded = this.child('transformer.wpe').forward(positions(start, end, starts));
    let x = this.child('transformer.wte').forward(ids).add(embedded);
    const first = firstSeen(end - start, end, { starts });
    for (const block of this.blocks) x = runBlock(block, x, first);
    return this.child('transformer.ln_f').forward(x);
  }
}

/** x + attention(norm(x)), then x + mlp(norm(x)): [batch, time, nEmbd] -> the same */
class Block extends Module {
  private readonly attn: Attention;

  constructor(weights: Weights, config: GPT2Config) {
    super();
    const norm = (name: string) =>
      new LayerNorm(weightsBelow(weights, name), config.layerNormEpsilon);
    this.addChild('ln_1', norm('ln_1'));
    this.attn = this.addChild('attn', new Attention(weightsBelow(weights, 'attn'), config));
    this.addChild('ln_2', norm('ln_2'));
    this.addChild('mlp', new MLP(weightsBelow(weights, 'mlp')));
  }

  forward(x: tf.Tensor): tf.Tensor {
    const time = x.shape[1] as number;
    return tf.tidy(() => this.extend(x, firstSeen(time, time)).y);
  }

  extend(x: tf.Tensor, first: tf.Tensor2D, past?: KeyValues): KeyValues & { y: tf.Tensor } {
    return tf.tidy(() => {
      const { y: seen, k, v } = this.attn.attend(this.child('ln_1').forward(x), first, past);
      const middle = residual({ x, y: seen });
      const made = this.child('mlp').forward(this.child('ln_2').forward(middle));
      const y = residual({ x: middle, y: made });
      return { y, k, v };
    });
  }
}
