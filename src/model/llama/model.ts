import type * as tf from '@tensorflow/tfjs';
import { ArgumentError } from '../../tensor/errors';
import { Embedding, Linear, type Module } from '../../tensor/nn';
import {
  type KeyValues,
  LanguageModel,
  type ModelSource,
  type RunBlock,
  type Starts,
  type WeightLayout,
  type Weights,
  weightsBelow,
} from '../transformer';
import { Block } from './block';
import type { LlamaConfig } from './config';
import { RMSNorm } from './layers';
import { type Place, placesOf } from './place';
import { weightLayout } from './weight-layout';

const HEAD = 'lm_head';

/**
 * Llama (Touvron et al. 2023) and the families that differ from it by switches of its config:
 * token embedding, blocks, a norm, a head. Modules and parameters have Hugging Face's names.
 */
export class Llama extends LanguageModel {
  private readonly table: Embedding;
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
    if (!config.tied) this.addChild(HEAD, new Linear({ weight: table(HEAD) }));
  }

  /** The token embedding, if it is the head too. */
  override get tiedModules(): readonly string[] {
    return this.config.tied ? ['model.embed_tokens'] : [];
  }

  override get headModules(): readonly string[] {
    return this.config.tied ? [] : [HEAD];
  }

  override get defaultTargets(): string[] {
    return ['q_proj', 'v_proj'];
  }

  override get head(): tf.Tensor2D {
    const { headModule } = this;
    if (isPlain(headModule)) return headModule.weight;
    throw new ArgumentError(
      'head: the head must have no adapter, but has one. Use logits(hidden), or merge the adapter first (mergeLora).',
    );
  }

  override get isHeadAdapted(): boolean {
    return !isPlain(this.headModule);
  }

  override logits(hidden: tf.Tensor): tf.Tensor {
    if (this.config.tied) return super.logits(hidden);
    this.assertAlive('Llama.logits');
    return this.headModule.forward(hidden);
  }

  override get weightLayout(): WeightLayout {
    return weightLayout(this.config);
  }

  override configJson(): Record<string, unknown> {
    return { ...this.config.json };
  }

  protected override run(
    ids: tf.Tensor,
    { past, starts }: { past: readonly KeyValues[]; starts: Starts | null },
    runBlock: RunBlock,
  ): tf.Tensor {
    this.assertAlive('Llama.hiddenStates');
    const { config } = this;
    const { start, end } = this.positionsOf(ids, past, 'max_position_embeddings');
    const embedded = this.child('model.embed_tokens').forward(ids);
    let x = config.embedScale === 1 ? embedded : embedded.mul(config.embedScale);
    const places = placesOf(config, { start, end, starts });
    for (const [i, block] of this.blocks.entries()) x = runBlock(block, x, places[i] as Place);
    return this.child('model.norm').forward(x);
  }

  /** The token embedding, or a layer of its own, which may have been replaced. */
  private get headModule(): Module {
    return this.config.tied ? this.table : this.child(HEAD);
  }
}

function isPlain(head: Module): head is Embedding | Linear {
  return head instanceof Embedding || head instanceof Linear;
}
