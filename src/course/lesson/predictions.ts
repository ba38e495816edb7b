import * as tf from '@tensorflow/tfjs';
import { applyLoraToLinear, injectLora, LoRALayer } from '../../lora';
import { createModel, loadModel } from '../../model';
import { countParameters, Linear } from '../../tensor/nn';
import { bytesOf, memory, Random, read } from '../../tensor/runtime';
import { BASE } from '../shipped';

/** A question whose answer is a number, computed when the question is asked. */
export interface Prediction {
  question: string;
  unit: string;
  truth(): number | Promise<number>;
}

const SIZE = { inFeatures: 768, outFeatures: 768, r: 8, alpha: 16 };

/** All predictions, keyed by the id that cells use. */
export const PREDICTIONS = {
  'params-r8': {
    question: 'How many numbers does LoRA train at d = k = 768, r = 8?',
    unit: 'parameters',
    truth: () => withLayer(SIZE, (layer) => layer.trainableParameters()),
  },
  'break-even': {
    question: 'At d = k = 768, at which rank does LoRA train as many numbers as full fine-tuning?',
    unit: '',
    truth: () => {
      const { inFeatures: k, outFeatures: d } = SIZE;
      return (d * k) / withLayer({ ...SIZE, r: 1 }, (layer) => layer.trainableParameters());
    },
  },
  'fresh-output': {
    question: 'What is the largest output of a fresh LoRA layer?',
    unit: '',
    truth: freshOutput,
  },
  'agents-bytes': {
    question: 'How many bytes do three adapters of rank 8 take on one 768 × 768 layer?',
    unit: 'bytes',
    truth: agentsBytes,
  },
  'adapter-parameters': {
    question:
      'Four blocks, each with linear layers 160 → 480, 160 → 160, 160 → 640 and 640 → 160: how many numbers does LoRA train at r = 8?',
    unit: 'parameters',
    truth: adapterParameters,
  },
  'double-bits': {
    question:
      'How many bits does a weight take, 4 of its own, 8 for the scale of each 64, and a float32 for each 256 scales?',
    unit: 'bits',
    truth: () => 4 + (256 * 8 + 32) / (64 * 256),
  },
  'alpha-step': {
    question: 'Twice the alpha: how many times as far does the first SGD step move the output?',
    unit: 'times',
    truth: async () => (await firstStep(32)) / (await firstStep(16)),
  },
  'nf4-bits': {
    question: 'How many bits does a weight take, 4 of its own and a float32 scale per block of 64?',
    unit: 'bits',
    truth: () => (64 * 4 + 32) / 64,
  },
  'swiglu-inner': {
    question:
      'GPT-2 has 2 matrices of 576 × 2,304. How wide must SwiGLU be inside, to have as many weights in 3 matrices of width 576?',
    unit: '',
    truth: () => (2 * 576 * 2304) / (3 * 576),
  },
  'cache-bytes': {
    question:
      'In each of 2 blocks, 9 query heads share 3 heads of keys and values, each of 64 numbers. How many bytes does the cache of 128 tokens take in float32?',
    unit: 'bytes',
    truth: cacheBytes,
  },
} satisfies Record<string, Prediction>;

export type PredictionId = keyof typeof PREDICTIONS;

function withLayer<T>(
  options: { inFeatures: number; outFeatures: number; r: number; alpha: number },
  use: (layer: LoRALayer) => T,
): T {
  const layer = new LoRALayer(options);
  const result = use(layer);
  layer.dispose();
  return result;
}

async function freshOutput(): Promise<number> {
  const largest = withLayer(SIZE, (layer) =>
    tf.tidy(() =>
      layer
        .forward(new Random(1).normal([4, 768], 0, 1))
        .abs()
        .max(),
    ),
  );
  const [value = NaN] = await read(largest);
  largest.dispose();
  return value;
}

function agentsBytes(): number {
  const linear = new Linear({ inFeatures: SIZE.inFeatures, outFeatures: SIZE.outFeatures });
  const before = memory().bytes;
  const layers = [1, 2, 3].map((seed) => applyLoraToLinear(linear, { r: 8, alpha: 16, seed }));
  const bytes = memory().bytes - before;
  for (const layer of [...layers, linear]) layer.dispose();
  return bytes;
}

/** Counts what is trained when each linear layer of the course's base has an adapter. */
async function adapterParameters(): Promise<number> {
  const model = await loadModel(BASE);
  injectLora(model, { targetModules: 'all-linear', r: 8, alpha: 16 });
  const { trainable } = countParameters(model);
  model.dispose();
  return trainable;
}

/** Weighs what a model of two blocks keeps of 128 tokens. */
async function cacheBytes(): Promise<number> {
  const model = await createModel({
    model_type: 'llama',
    vocab_size: 128,
    max_position_embeddings: 128,
    hidden_size: 576,
    intermediate_size: 8,
    num_hidden_layers: 2,
    num_attention_heads: 9,
    num_key_value_heads: 3,
  });
  const ids = model.idsTensor([Array.from({ length: 128 }, (_, i) => i)]);
  const { hidden, past } = model.extend(ids);
  const bytes = bytesOf(past.flatMap(({ k, v }) => [k, v]));
  tf.dispose([ids, hidden, past]);
  model.dispose();
  return bytes;
}

/** Computes how far, on average, one step of SGD moves the output of a fresh layer. */
async function firstStep(alpha: number): Promise<number> {
  const layer = new LoRALayer({ inFeatures: 48, outFeatures: 32, r: 8, alpha });
  const moved = tf.tidy(() => {
    const random = new Random(1);
    const x = random.normal([4, 48], 0, 1);
    const target = random.normal([4, 32], 0, 1);
    const loss = () => layer.forward(x).sub(target).square().mean<tf.Scalar>();
    const { grads } = tf.variableGrads(loss, [layer.B]); // A's gradient is zero because B is
    layer.B.assign(layer.B.sub(grads[layer.B.name] ?? NaN));
    return layer.forward(x).abs().mean();
  });
  const [distance = NaN] = await read(moved);
  moved.dispose();
  layer.dispose();
  return distance;
}
