import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wordsFor } from './thrown-words';

test('wordsFor names the shapes, whichever backend words the error', () => {
  const product =
    'a matrix product of [2, 3] and [5, 2] does not fit: the inner axes must be equal';
  const entries = '[4, 5] and [7, 5] do not fit entry by entry, as add, sub, mul and div need it';
  const errors: [error: string, words: string | undefined][] = [
    [
      'Invalid TF_Status: 3\nMessage: Matrix size-incompatible: In[0]: [2,3], In[1]: [5,2]',
      product,
    ],
    [
      'Error in matMul: inner shapes (3) and (5) of Tensors with shapes 2,3 and 5,2 and transposeA=false and transposeB=false must match.',
      product,
    ],
    ['Invalid TF_Status: 3\nMessage: Incompatible shapes: [4,5] vs. [7,5]', entries],
    ['Operands could not be broadcast together with shapes 4,5 and 7,5.', entries],
    [
      'ReferenceError: OffscreenCanvas is not defined',
      'a tensor was read as if it were a number or a text: tensors have no operators, write a.mul(s), and await a.data() for its numbers',
    ],
    ['RangeError: no such axis', undefined],
  ];
  for (const [error, words] of errors) assert.equal(wordsFor(error), words);
});
