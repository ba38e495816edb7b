import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Definition } from '../../jupyter';
import { merge } from '../exercises';
import { explainFailedCell } from './failed-cell';

const origin = { cell: 'In[3]', source: 'function mergeLoraWeights() {}', line: 1 };
const explain = (definitions: Record<string, Definition>) =>
  explainFailedCell(merge, (name) => definitions[name] ?? {});
const failing = (message: string, cell = 'In[9]'): Definition => ({
  value: 1,
  origin,
  failed: { cell, message },
});

describe('explainFailedCell', () => {
  test('names the cell that did not compile, and all functions that it should define', () => {
    const failed = failing("2:10 - Cannot find name 'scale'.");
    const verdict = explain({ mergeLoraWeights: failed, unmergeLoraWeights: failed });
    assert.equal(verdict?.state, 'failed');
    assert.equal(verdict.part, 'mergeLoraWeights');
    assert.match(
      verdict.message,
      /^The cell In\[9\] did not compile, so your newest mergeLoraWeights and unmergeLoraWeights cannot/,
    );
  });

  test('tells a second cell that failed only after the first', () => {
    const verdict = explain({
      mergeLoraWeights: { value: 1, origin },
      unmergeLoraWeights: failing('no memory', 'In[7]'),
    });
    assert.match(
      verdict?.message ?? '',
      /^The cell In\[7\] ended with an error, so .* unmergeLora/,
    );
    assert.doesNotMatch(verdict?.message ?? '', /newest mergeLoraWeights/);
  });

  test('is not defined without an older version, and nothing if no cell failed', () => {
    const { failed } = failing('2:10 - x');
    assert.equal(failed && explain({ mergeLoraWeights: { failed } })?.state, 'not defined');
    assert.equal(explain({ mergeLoraWeights: { value: 1, origin } }), undefined);
    assert.equal(explain({}), undefined);
  });

  const causes: [error: string, cause: RegExp][] = [
    [
      "2:3 - Operator '+' cannot be applied to types 'Tensor2D' and 'number'.\nTensors have no operators: a.add(b), tf.matMul(a, b).\n2:9 - The right-hand side",
      /Tensors have no operators: a\.add\(b\), tf\.matMul\(a, b\)\. Mend/,
    ],
    [
      "1:1 - Type 'Tensor<Rank>' is not assignable to type 'Tensor2D'.\n1:1 - Type 'Rank' is not",
      /lost the number of axes: write `as tf\.Tensor2D`/,
    ],
    [
      "1:7 - A function whose declared type is neither 'void' nor 'any' must return a value.",
      /`return` is missing/,
    ],
    [
      "1:3 - Type 'Tensor<Rank>' is not assignable to type 'Scalar'.",
      /write `as tf.Scalar` behind the result/,
    ],
    ["1:8 - Type 'void' is not assignable to type 'Tensor2D'.", /`return` is missing/],
    [
      "1:1 - Type 'Promise<number[]>' is missing the following properties",
      /A Promise stands where/,
    ],
    ["1:1 - Cannot find name 'todo'.", /todo is not known: define it .* run that first/],
    ["1:1 - Cannot find namespace 'tf'.", /tf is not known: define it .* run that first/],
    ["1:9 - Cannot find name 'x'.\n2:1 - '}' expected.", /"}" is missing/],
    ["1:1 - Property 'plus' does not exist on type 'Tensor2D'.", /Its error is below/],
  ];
  for (const [error, cause] of causes) {
    test(`explains: ${error.split('\n')[0]}`, () => {
      const { message } = explain({ mergeLoraWeights: failing(error) }) ?? {};
      assert.match(message ?? '', cause);
    });
  }
});
