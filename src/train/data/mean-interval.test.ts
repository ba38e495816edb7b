import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { meanInterval } from './mean-interval';

const close = (got: number, expected: number) =>
  assert.ok(Math.abs(got - expected) <= 1e-3 * expected, `${got} ${expected}`);

describe('meanInterval', () => {
  // The margins are by integration of Student's density in float64.
  for (const [values, mean, margin] of [
    [[1, 2], 1.5, 6.353102],
    [[1, 2, 6], 3, 6.572411],
    [[1, 2, 3, 4], 2.5, 2.05426],
    [Array.from({ length: 15 }, (_, i) => i), 7, 2.476586],
    [Array.from({ length: 200 }, (_, i) => i), 99.5, 8.07058],
  ] as const) {
    test(`is ${mean} ± ${margin} for ${values.length} values`, () => {
      const found = meanInterval(values);
      assert.equal(found.mean, mean);
      close(found.margin, margin);
    });
  }

  test('has no width for equal values', () => {
    assert.deepEqual(meanInterval([2, 2, 2]), { mean: 2, margin: 0 });
  });

  test('refuses fewer than two values', () => {
    for (const [given, got] of [
      [[], '0'],
      [[1], '1'],
      [undefined, 'nothing'],
    ] as const) {
      assert.throws(() => meanInterval(given as never), {
        name: 'ArgumentError',
        message: `meanInterval: values must be a list of two numbers or more, got ${got}. Measure more, such as more rows held back.`,
      });
    }
  });
});
