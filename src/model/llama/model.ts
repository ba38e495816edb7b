import * as tf from '@tensorflow/tfjs';
import { Embedding } from '../../tensor/nn';
import {
  type KeyValues,
  LanguageModel,
  type ModelSource,
  type WeightLayout,
  type Weights,
  weightsBelow,
} from '../transformer';
import { Block } from './block';
import type { LlamaConfig } from './config';
import { Head } from './head';
import { RMSNorm } from './layers';
import { type Place, placesOf } from './place';
import { weightLayout } from './weight-layout';

/**
 * Llama (Touvron et al. 2023) and the families that differ from it by switches of its config:
 * token embedding, blocks, a norm, a head. Modules and parameters have Hugging Face's names.
 */
export class Llama extends LanguageModel {
  private readonly table: Embedding;
  private readonly untied: Head | null;
  private readonly blocks: Block[];

  /**
   * @param weights by parameter name: tensors stay the caller's, layers do not
   * @param source the files that the model comes from, if any
   */
  constructor(
    readonly config: LlamaConfig,
    weights: Weights,
    source: ModelSource = {},
  ) {
    super(source);
    const table = (name: string) => weights.get(`${name}.weight`) as tf.Tensor2D;
    const embedding = new Embedding({ weight: table('model.embed_tokens') });
    this.table = this.addChild('model.embed_tokens', embedding);
    this.blocks = config.blocks.map((kind, i) => {
      const name = `model.layers.${i}`;
      return this.addChild(name, new Block(weightsBelow(weights, name), config, kind));
    });
    this.addChild('model.norm', new RMSNorm(weightsBelow(weights, 'model.norm'), config));
    this.untied = config.tied ? null : this.addChild('lm_head', new Head(table('lm_head')));
  }

  /** The token embedding, if it is the head too. */
  override get tiedModules(): readonly string[] {
    return this.config.tied ? ['model.embed_tokens'] : [];
  }

  override get head(): tf.Tensor2D {
    return (this.untied ?? this.table).weight;
  }

  override get weightLayout(): WeightLayout {
    return weightLayout(this.config);
  }

  override configJson(): Record<string, unknown> {
    return { ...this.config.json };
  }

  override extend(
    ids: tf.Tensor,
    past: KeyValues[] = [],
    padding: tf.Tensor1D | null = null,
  ): { hidden: tf.Tensor; past: KeyValues[] } {
    this.assertAlive('Llama.hiddenStates');
    const { config } = this;
    const { start, end } = this.positionsOf(ids, past, 'max_position_embeddings');
    return tf.tidy(() => {
      const embedded = this.child('model.embed_tokens').forward(ids);
      let x = config.embedScale === 1 ? embedded : embedded.mul(config.embedScale);
      const places = placesOf(config, { start, end, padding });
      const extended = this.blocks.map((block, i) => {
        const { y, k, v } = block.extend(x, places[i] as Place, past[i]);
        x = y;
        return { k, v };
      });
      return { hidden: this.child('model.norm').forward(x), past: extended };
    });
  }
}
