import * as tf from '@tensorflow/tfjs';
import { ArgumentError, quote, ShapeError } from '../../tensor/errors';
import { asMatrix, checkpoint, linearProduct, Module } from '../../tensor/nn';
import type { KeyValues, Starts } from './attention';
import type { WeightLayout } from './weight-layout';

/** The part of a config that all model families have. */
export interface LanguageModelConfig {
  readonly vocabSize: number;
  /** the longest text, in tokens */
  readonly maxPositions: number;
  /** tokens that end a text */
  readonly eosTokenIds: readonly number[];
}

/** The JSON of the files that a model was loaded from: saving keeps keys that are not understood. */
export interface ModelSource {
  /** config.json */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** generation_config.json */
  readonly generation?: Readonly<Record<string, unknown>> | undefined;
}

/** A block of a decoder, which is told of the positions of x: what they see, rotations, or both. */
export interface DecoderBlock<Place> extends Module {
  extend(x: tf.Tensor, place: Place, past?: KeyValues): KeyValues & { y: tf.Tensor };
}

/** Runs a block: x [batch, time, width] -> y of the same shape. */
export type RunBlock = <Place>(block: DecoderBlock<Place>, x: tf.Tensor, place: Place) => tf.Tensor;

/** A decoder: token ids in, logits of the next token out. Modules have Hugging Face's names. */
export abstract class LanguageModel extends Module {
  abstract readonly config: LanguageModelConfig;

  /**
   * Whether training keeps only the input of each block, and computes its activations again in the
   * backward pass: less memory, more time, the same gradients (Chen et al. 2016).
   */
  checkpointBlocks = false;

  constructor(protected readonly source: ModelSource = {}) {
    super();
  }

  /**
   * The head's weight W [vocabSize, width]: logits are h Wᵀ.
   * @throws ArgumentError if the head has an adapter, so that only `logits` computes them
   */
  abstract get head(): tf.Tensor2D;

  /** True if the head has an adapter: `logits` is then more than h Wᵀ. */
  get isHeadAdapted(): boolean {
    return false;
  }

  /** How its weights are kept in a file. */
  abstract get weightLayout(): WeightLayout;

  /** Gives its config.json, which `loadModel` and transformers read, with all keys it came with. */
  abstract configJson(): Record<string, unknown>;

  /** Gives its generation_config.json, with all keys it came with. */
  generationConfigJson(): Record<string, unknown> {
    const { bos_token_id = null, eos_token_id = null } = this.configJson();
    return { ...(this.source.generation ?? { bos_token_id, eos_token_id }) };
  }

  /**
   * The hidden states of ids that follow a past, and the past that includes them: one entry for
   * each block. The caller owns both and frees the old past. Where texts differ in length, the
   * shorter ones are padded at their start: `starts` [batch] (int32) counts the padded
   * positions, the past's included. Where rows hold several texts, `starts` [batch, time] says
   * where that of each position starts; a text sees nothing of those before it.
   * @throws ShapeError if past and ids together are longer than maxPositions
   */
  extend(
    ids: tf.Tensor,
    past: KeyValues[] = [],
    starts: Starts | null = null,
  ): { hidden: tf.Tensor; past: KeyValues[] } {
    return tf.tidy(() => {
      const extended: KeyValues[] = [];
      const hidden = this.run(ids, { past, starts }, (block, x, place) => {
        const { y, k, v } = block.extend(x, place, past[extended.length]);
        extended.push({ k, v });
        return y;
      });
      return { hidden, past: extended };
    });
  }

  /**
   * Runs all but the head: the embeddings, the blocks one after another by `runBlock`, and the last
   * norm. It is called in a `tf.tidy`.
   */
  protected abstract run(
    ids: tf.Tensor,
    before: { past: readonly KeyValues[]; starts: Starts | null },
    runBlock: RunBlock,
  ): tf.Tensor;

  /**
   * The positions of ids that follow a past.
   * @param key of config.json that limits them
   * @throws ShapeError if ids has another rank, or past and ids together are longer than maxPositions
   */
  protected positionsOf(
    ids: tf.Tensor,
    past: readonly KeyValues[],
    key: string,
  ): { start: number; end: number } {
    const { maxPositions } = this.config;
    const start = past[0]?.k.shape[2] ?? 0;
    const end = start + (ids.shape[1] ?? 0);
    if (ids.rank === 2 && end <= maxPositions) return { start, end };
    throw new ShapeError(
      `${this.constructor.name}.hiddenStates: ids must be [batch, time] with at most ${maxPositions} positions (${key} in config.json), got [${ids.shape.join(', ')}] after ${start}.`,
    );
  }

  /** ids [batch, time] (int32) -> logits [batch, time, vocabSize] */
  forward(ids: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.logits(this.hiddenStates(ids)));
  }

  /**
   * Runs all but the head: ids [batch, time] (int32) -> [batch, time, width].
   * @param starts as in `extend`; null if each row is one text
   * @throws ShapeError if ids has another rank or is longer than maxPositions
   */
  hiddenStates(ids: tf.Tensor, starts: Starts | null = null): tf.Tensor {
    const { checkpointBlocks } = this;
    return tf.tidy(() =>
      this.run(ids, { past: [], starts }, (block, x, place) => {
        if (!checkpointBlocks) return block.extend(x, place).y;
        return checkpoint(block, (x, place) => tf.tidy(() => block.extend(x, place).y), x, place);
      }),
    );
  }

  /** The head, for all positions or only those of interest: [..., width] -> [..., vocabSize] */
  logits(hidden: tf.Tensor): tf.Tensor {
    this.assertAlive(`${this.constructor.name}.logits`);
    return asMatrix(hidden, (rows) =>
      linearProduct({ x: rows, weight: this.head }, { transpose: true }),
    );
  }

  /**
   * Makes a tensor [batch, time] (int32) of token ids, owned by the caller. They are checked here: on
   * a GPU, an id beyond the vocabulary would look up anything.
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
        `idsTensor: each id must be an integer from 0 to ${vocabSize - 1}, got ${quote(bad)}. Does the tokenizer belong to this model?`,
      );
    }
    return tf.tensor2d(rows.flat(), [rows.length, time], 'int32');
  }
}
