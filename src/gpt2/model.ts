import * as tf from '@tensorflow/tfjs';
import { Embedding, linearProduct, Module, overRows } from '../nn';
import { ArgumentError, ShapeError } from '../runtime';
import type { GPT2Config } from './config';
import { residual } from './kernels/residual';
import { Attention, attentionMask, type KeyValues, LayerNorm, MLP, type Weights } from './layers';

/**
 * GPT-2 (Radford et al. 2019): embeddings, `nLayer` blocks, a norm, and the token embedding again
 * as the head. Modules and parameters have Hugging Face's names; linear weights are (out, in).
 */
export class GPT2 extends Module {
  private readonly wte: Embedding;
  private readonly blocks: Block[];

  /** `weights` by parameter name: tensors stay the caller's, layers do not. */
  constructor(
    readonly config: GPT2Config,
    weights: Weights,
  ) {
    super();
    const table = (name: string) => ({ weight: weights.get(`${name}.weight`) as tf.Tensor2D });
    this.wte = this.addChild('transformer.wte', new Embedding(table('transformer.wte')));
    this.addChild('transformer.wpe', new Embedding(table('transformer.wpe')));
    this.blocks = Array.from({ length: config.nLayer }, (_, i) => {
      const name = `transformer.h.${i}`;
      return this.addChild(name, new Block(below(weights, name), config));
    });
    const norm = new LayerNorm(below(weights, 'transformer.ln_f'), config.layerNormEpsilon);
    this.addChild('transformer.ln_f', norm);
  }

  /** The token embedding, which is the head too. */
  override get tiedModules(): readonly string[] {
    return ['transformer.wte'];
  }

  /** ids [batch, time] (int32) -> logits [batch, time, vocabSize] */
  forward(ids: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.logits(this.hiddenStates(ids)));
  }

  /**
   * Everything but the head: ids [batch, time] (int32) -> [batch, time, nEmbd].
   * @throws ShapeError if ids has another rank or is longer than nPositions
   */
  hiddenStates(ids: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.extend(ids).hidden);
  }

  /** The head's weight W [vocabSize, nEmbd]: logits are h Wᵀ. */
  get head(): tf.Tensor2D {
    return this.wte.weight;
  }

  /** The head, for all positions or only those of interest: [..., nEmbd] -> [..., vocabSize] */
  logits(hidden: tf.Tensor): tf.Tensor {
    this.assertAlive('GPT2.logits');
    return overRows(hidden, (rows) => linearProduct(rows, this.head));
  }

  /**
   * The hidden states of ids that follow a past, and the past that includes them: one entry for
   * each block. The caller owns both and frees the old past. Where texts differ in length, the
   * shorter ones are padded at their start: `padding` [batch] (int32) tells by how many positions,
   * the past's included.
   * @throws ShapeError if past and ids together are longer than nPositions
   */
  extend(
    ids: tf.Tensor,
    past: KeyValues[] = [],
    padding: tf.Tensor1D | null = null,
  ): { hidden: tf.Tensor; past: KeyValues[] } {
    this.assertAlive('GPT2.hiddenStates');
    const start = past[0]?.k.shape[2] ?? 0;
    const time = ids.shape[1] ?? 0;
    const end = start + time;
    if (ids.rank !== 2 || end > this.config.nPositions) {
      throw new ShapeError(
        `GPT2.hiddenStates: ids must be [batch, time] with at most ${this.config.nPositions} positions (nPositions), got [${ids.shape.join(', ')}] after ${start}.`,
      );
    }
    return tf.tidy(() => {
      const embedded = this.child('transformer.wpe').forward(positions(start, end, padding));
      let x = this.child('transformer.wte').forward(ids).add(embedded);
      const mask = attentionMask(time, end, padding);
      const extended = this.blocks.map((block, i) => {
        const { y, k, v } = block.extend(x, mask, past[i]);
        x = y;
        return { k, v };
      });
      return { hidden: this.child('transformer.ln_f').forward(x), past: extended };
    });
  }

  /**
   * Token ids as a tensor [batch, time] (int32), owned by the caller. Looked up unchecked, an id
   * beyond the vocabulary gives anything on a GPU.
   * @throws ArgumentError if rows differ in length or hold an id that is not in the vocabulary
   */
  idsTensor(rows: readonly (readonly number[])[]): tf.Tensor2D {
    const { vocabSize } = this.config;
    const time = rows[0]?.length ?? 0;
    const odd = rows.find((row) => row.length !== time);
    if (time === 0 || odd) {
      throw new ArgumentError(
        `idsTensor: rows must be of one length, 1 or more, got ${time} and ${odd?.length ?? time}.`,
      );
    }
    const bad = rows.flat().find((id) => !Number.isSafeInteger(id) || id < 0 || id >= vocabSize);
    if (bad !== undefined) {
      throw new ArgumentError(
        `idsTensor: each id must be an integer from 0 to ${vocabSize - 1}, got ${bad}. Does the tokenizer belong to this model?`,
      );
    }
    return tf.tensor2d(rows.flat(), [rows.length, time], 'int32');
  }
}

/** x + attention(norm(x)), then x + mlp(norm(x)): [batch, time, nEmbd] -> the same */
class Block extends Module {
  private readonly attn: Attention;

  constructor(weights: Weights, config: GPT2Config) {
    super();
    const norm = (name: string) => new LayerNorm(below(weights, name), config.layerNormEpsilon);
    this.addChild('ln_1', norm('ln_1'));
    this.attn = this.addChild('attn', new Attention(below(weights, 'attn'), config));
    this.addChild('ln_2', norm('ln_2'));
    this.addChild('mlp', new MLP(below(weights, 'mlp')));
  }

  forward(x: tf.Tensor): tf.Tensor {
    const time = x.shape[1] as number;
    return tf.tidy(() => this.extend(x, attentionMask(time, time, null)).y);
  }

  extend(x: tf.Tensor, mask: tf.Tensor | null, past?: KeyValues): KeyValues & { y: tf.Tensor } {
    return tf.tidy(() => {
      const { y: seen, k, v } = this.attn.attend(this.child('ln_1').forward(x), mask, past);
      const middle = residual(x, seen);
      const y = residual(middle, this.child('mlp').forward(this.child('ln_2').forward(middle)));
      return { y, k, v };
    });
  }
}

/** The places of positions in their text, from 0: [time], or [batch, time] with padding. */
function positions(start: number, end: number, padding: tf.Tensor1D | null): tf.Tensor {
  const range = tf.range(start, end, 1, 'int32');
  return padding ? range.sub(padding.expandDims(1)).maximum(tf.scalar(0, 'int32')) : range;
}

/** The weights of a module below, by their names in it. */
function below(weights: Weights, name: string): Weights {
  const inside = [...weights].filter(([key]) => key.startsWith(`${name}.`));
  return new Map(inside.map(([key, weight]) => [key.slice(name.length + 1), weight]));
}
