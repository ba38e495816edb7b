import * as tf from '@tensorflow/tfjs';
import { drawWeights, GPT2 } from '../src/model/gpt2';

/** A GPT-2 of one narrow block with random weights, owned by the caller. */
export function tinyGpt2(vocabSize: number, eosTokenIds: number[]): GPT2 {
  const config = {
    vocabSize,
    maxPositions: 128,
    nEmbd: 8,
    nLayer: 1,
    nHead: 2,
    nInner: 12,
    layerNormEpsilon: 1e-5,
    eosTokenIds,
  };
  const weights = drawWeights(config, 3);
  try {
    return new GPT2(config, weights);
  } finally {
    tf.dispose([...weights.values()]);
  }
}
