import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pairedDifference, wilson } from './intervals';

const near = (got: number, want: number, tolerance: number) => {
  assert.ok(Math.abs(got - want) < tolerance, `${got} is not ${want}`);
};

describe('the interval of a share', () => {
  // Computed independently, with z = 1.959964.
  for (const [k, n, low, high] of [
    [0, 10, 0, 0.277533],
    [483, 500, 0.946229, 0.978665],
    [1, 2, 0.094529, 0.905471],
  ] as const) {
    test(`of ${k} in ${n}`, () => {
      const [from, to] = wilson(k, n);
      near(from, low, 1e-4);
      near(to, high, 1e-4);
    });
  }
});

test('an interval of a share stays within 0 and 1', () => {
  for (let n = 1; n <= 300; n++) {
    assert.ok(Object.is(wilson(0, n)[0], Math.max(0, wilson(0, n)[0])), `0 of ${n}`);
    assert.ok(wilson(n, n)[1] <= 1, `${n} of ${n}`);
  }
});

describe('a paired difference', () => {
  const a = Array.from({ length: 400 }, (_, i) => i % 10 !== 0); // 90 %
  const b = Array.from({ length: 400 }, (_, i) => i % 5 !== 0); // 80 %, wrong wherever a is

  test('has an interval of its own, narrower than those of the shares', () => {
    const { difference, interval } = pairedDifference(a, b, 1);
    near(difference, 0.1, 1e-12);
    // One problem in ten differs: its deviation is sqrt(0.1 * 0.9 / 400) = 0.015.
    near(interval[0], 0.1 - 1.96 * 0.015, 0.005);
    near(interval[1], 0.1 + 1.96 * 0.015, 0.005);
    assert.deepEqual(pairedDifference(a, b, 1).interval, interval);
  });

  test('is 0 between equal results, and changes sign with its sides', () => {
    assert.deepEqual(pairedDifference(a, a, 1), { difference: 0, interval: [0, 0] });
    near(pairedDifference(b, a, 1).difference, -0.1, 1e-12);
  });
});
