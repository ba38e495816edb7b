import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { formatTrainableParameters, injectLora } from '../lora';
import { drawWeights, GPT2 } from '../model/gpt2';
import { useAccelerator } from '../tensor/runtime';

const small = {
  vocabSize: 50_257,
  maxPositions: 1_024,
  nEmbd: 768,
  nLayer: 12,
  nHead: 12,
  nInner: 3_072,
  layerNormEpsilon: 1e-5,
  eosTokenIds: [50_256],
};

// Half a gigabyte of weights says nothing new on a second accelerator.
const { LORA_BACKEND = 'cpu-native' } = process.env;
const skip = LORA_BACKEND === 'cpu-native' ? false : 'needs cpu-native';

describe('GPT-2 small', () => {
  before(useAccelerator);

  test("gives PEFT's line for r = 8 on c_attn", { skip }, () => {
    const weights = drawWeights(small, 1);
    const model = new GPT2(small, weights);
    tf.dispose([...weights.values()]);
    injectLora(model, { targetModules: ['c_attn'], r: 8, alpha: 16 });
    assert.equal(
      formatTrainableParameters(model),
      'trainable params: 294,912 || all params: 124,734,720 || trainable%: 0.2364',
    );
    model.dispose();
  });
});
