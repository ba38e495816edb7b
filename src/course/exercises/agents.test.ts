import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import { testExercise, testLeaks } from '../../../tests/course/test-exercise';
import { applyLoraToLinear, freezeBaseModel, LoRALayer, LoRALinear } from '../../lora';
import { Linear } from '../../tensor/nn';
import { judge } from '../judge';
import { agents } from './agents';
import * as solution from './agents.solution';

interface Size {
  r: number;
  alpha: number;
}

/** Creates adapters on the base, each by `make`. */
const made = (make: (linear: Linear, size: Size, i: number) => unknown) => ({
  makeAgents: (linear: Linear, names: string[], size: Size) =>
    names.map((name, i) => ({ name, layer: make(linear, size, i) })),
});
const unfreeze = (linear: Linear) => {
  for (const parameter of linear.namedParameters().values()) parameter.trainable = true;
};
const apply = (linear: Linear, size: Size, seed: number) =>
  applyLoraToLinear(linear, { ...size, seed });

/** Those of the first call, returned by each. */
let earlier: LoRALinear[] | undefined;

testExercise(agents, solution, {
  'solver and critic start from the same A': made((linear, size) => apply(linear, size, 7)),
  'one adapter is shared': {
    makeAgents: (linear, names, size) => {
      const layer = apply(linear, size, 1);
      return names.map((name) => ({ name, layer }));
    },
  },
  'the base is in memory 4 times': made((linear, size, i) => {
    const copy = new Linear({ weight: linear.weight, bias: linear.bias });
    freezeBaseModel(copy);
    return apply(copy, size, i);
  }),
  'the base is trainable now: it was frozen, and must stay so': made((linear, size, i) => {
    unfreeze(linear);
    return apply(linear, size, i);
  }),
  'the base is trainable now': made((linear, size, i) => {
    linear.weight.trainable = true;
    return apply(linear, size, i);
  }),
  // Other mistakes come first.
  'makeAgents: solver and critic start from the same A': made((linear, size) => {
    unfreeze(linear);
    return apply(linear, size, 7);
  }),
  'makeAgents: B is not zero at the start': made((linear, size, i) => {
    unfreeze(linear);
    const layer = apply(linear, size, i);
    tf.tidy(() => layer.lora.B.assign(tf.ones(layer.lora.B.shape)));
    return layer;
  }),
  'A and B are frozen too': made((linear, size, i) => {
    const layer = apply(linear, size, i);
    freezeBaseModel(layer);
    return layer;
  }),
  'B is not zero at the start': made((linear, size, i) => {
    const layer = apply(linear, size, i);
    tf.tidy(() => layer.lora.B.assign(tf.ones(layer.lora.B.shape)));
    return layer;
  }),
  'alpha is not the given one': made((linear, { r, alpha }, i) =>
    apply(linear, { r, alpha: alpha * r }, i),
  ),
  'the rank is not the given one': made((linear, { alpha }, i) =>
    apply(linear, { r: 1, alpha }, i),
  ),
  'the names must be the given ones': {
    makeAgents: (linear, _, size) => {
      return ['one', 'two'].map((name, i) => ({ name, layer: apply(linear, size, i) }));
    },
  },
  'each layer must be a LoRALinear': made(
    ({ inFeatures, outFeatures }, size, seed) =>
      new LoRALayer({ inFeatures, outFeatures, ...size, seed }),
  ),
  'adapters that were there before the call': {
    makeAgents: (linear, names, size) => {
      earlier ??= names.map((_, i) => apply(linear, size, i));
      return names.map((name, i) => ({ name, layer: earlier?.[i] }));
    },
  },
  'returned undefined': { makeAgents: () => undefined },
  'the result must be a list': { makeAgents: () => ({ name: 'solver' }) },
  'entry 0 is undefined: is a `return` missing': {
    makeAgents: (_, names) => names.map(() => undefined),
  },
  'the entries have no name: each must be { name, layer }': {
    makeAgents: (linear, names, size) => {
      return names.map((_, i) => apply(linear, size, i));
    },
  },
  // It leaks too, but a wrong value comes first.
  'makeAgents: alpha is not the given one': made((linear, { r }, i) => {
    tf.zeros([2]);
    return apply(linear, { r, alpha: 1 }, i);
  }),
  'Promises in the list: is an `await` missing?': {
    makeAgents: (_, names) => names.map(async (name) => Promise.resolve({ name })),
  },
  'W0 was changed in place': made((linear, size, i) => {
    tf.tidy(() => linear.weight.assign(linear.weight.mul(2)));
    return new LoRALinear(linear, apply(linear, size, i).lora);
  }),
});

const freezing = (linear: Linear, names: string[], size: Size) => {
  freezeBaseModel(linear);
  return solution.makeAgents(linear, names, size);
};

test('an answer that freezes the base once more passes', async () => {
  const { state, message } = await judge(agents, () => freezing, { seed: 1, seconds: 20 });
  assert.equal(state, 'passed', message);
});

test('the last hint is enough as it stands', async () => {
  const code = `(linear, names, size) => { ${agents.hints.at(-1)} }`;
  const makeAgents = runInNewContext(code, { applyLoraToLinear }) as unknown;
  const { state, message } = await judge(agents, () => makeAgents, { seed: 1, seconds: 20 });
  assert.equal(state, 'passed', message);
  assert.doesNotMatch(agents.hints.join(' '), /freezeBaseModel/);
});

testLeaks(agents, solution, {
  '4 tensors stay in memory per call of makeAgents': made((linear, size, i) => {
    tf.zeros([2]);
    return apply(linear, size, i);
  }),
});
