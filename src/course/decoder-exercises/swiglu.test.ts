import * as tf from '@tensorflow/tfjs';
import { testExercise, testLeaks } from '../../../tests/course/test-exercise';
import { gelu } from '../../model/transformer';
import { swiglu } from './swiglu';
import * as solution from './swiglu.solution';

type X = tf.Tensor2D;
type Products = { g: tf.Tensor; u: tf.Tensor; x: X; gate: X; up: X; down: X };
const rows = (x: tf.Tensor, w: X) => tf.matMul(x, w, false, true);
/** An answer that computes g = gate x and u = up x right. */
const answer = (of: (products: Products) => tf.Tensor) => ({
  swiGlu: (x: X, gate: X, up: X, down: X) =>
    tf.tidy(() => of({ g: rows(x, gate), u: rows(x, up), x, gate, up, down })),
});
/** One that goes wrong before the last product. */
const inner = (of: (products: Products) => tf.Tensor) =>
  answer((products) => rows(of(products), products.down));
const silu = (a: tf.Tensor) => a.mul(a.sigmoid());

testExercise(swiglu, solution, {
  'gate and up are swapped': { swiGlu: (x, gate, up, down) => solution.swiGlu(x, up, gate, down) },
  'that is the sigmoid, not SiLU': inner(({ g, u }) => g.sigmoid().mul(u)),
  'that is GELU': inner(({ g, u }) => gelu({ x: g }).mul(u)),
  'that is ReLU': inner(({ g, u }) => g.relu().mul(u)),
  'that is tanh': inner(({ g, u }) => g.tanh().mul(u)),
  'SiLU is missing': inner(({ g, u }) => g.mul(u)),
  'SiLU is on both': inner(({ g, u }) => silu(g).mul(silu(u))),
  'SiLU comes after the product': inner(({ g, u }) => silu(g.mul(u))),
  'gate and up are added': inner(({ g, u }) => silu(g).add(u)),
  'up is missing': inner(({ g }) => silu(g)),
  'the gate is missing': inner(({ u }) => u),
  'swiGlu: the gate is missing': inner(({ u }) => silu(u)),
  'SiLU of x: it goes on gate x': inner(({ x, gate, u }) => rows(silu(x), gate).mul(u)),
  'SiLU of x': inner(({ x, gate, up }) => rows(silu(x), gate).mul(rows(silu(x), up))),
  'one product serves as gate and as up': inner(({ g }) => silu(g).mul(g)),
  'one product serves as gate and as up: they are two': inner(({ u }) => silu(u).mul(u)),
  'SiLU of up x, times the sigmoid of gate x': inner(({ g, u }) => g.sigmoid().mul(silu(u))),
  'SiLU on the result': answer(({ g, u, down }) => silu(rows(silu(g).mul(u), down))),
  'SiLU on the result: it goes on gate x alone': answer(({ g, u, down }) =>
    silu(rows(g.mul(u), down)),
  ),
  'x is added': answer(({ g, u, x, down }) => rows(silu(g).mul(u), down).add(x)),
  'down is missing': answer(({ g, u }) => silu(g).mul(u)),
  'x W without transposing': answer(({ x, gate, up, down }) =>
    tf.matMul(silu(tf.matMul(x, gate)).mul(tf.matMul(x, up)), down),
  ),
  'x W without transposing: weights are [out, in]': inner(({ x, gate, up }) =>
    silu(tf.matMul(x, gate)).mul(tf.matMul(x, up)),
  ),
  'weights are [out, in], so for the rows of x it is x Wᵀ': answer(({ g, u, down }) =>
    tf.matMul(silu(g).mul(u), down),
  ),
  'W x is for a column x': answer(({ x, gate, up, down }) =>
    tf.matMul(down, silu(tf.matMul(gate, x)).mul(tf.matMul(up, x))),
  ),
  'W x is for a column x: the inputs are rows': answer(({ g, u, down }) =>
    tf.matMul(down, silu(g).mul(u)),
  ),
  'W x is for a column x: the inputs are rows, so it is x Wᵀ': inner(({ x, gate, up }) =>
    silu(tf.matMul(gate, x)).mul(tf.matMul(up, x)),
  ),
  'the last product is entry by entry': answer(({ g, u, down }) => silu(g).mul(u).mul(down)),
  'gate x and up x are multiplied as matrices': answer(({ g, u, down }) =>
    rows(rows(silu(g), u as X), down),
  ),
  'gate x and up x are multiplied as matrices: entry by entry': answer(({ g, u, down }) =>
    rows(tf.matMul(silu(g), u), down),
  ),
  'your result is the transpose': {
    swiGlu: (...args) => tf.tidy(() => solution.swiGlu(...args).transpose()),
  },
  'tensors have no operators': { swiGlu: (x, gate) => Number(x) * Number(gate) },
});

testLeaks(swiglu, solution, {
  '5 tensors stay in memory per call of swiGlu': {
    swiGlu: (x, gate, up, down) => {
      const g = rows(x, gate);
      return rows(g.mul(g.sigmoid()).mul(rows(x, up)), down);
    },
  },
});
