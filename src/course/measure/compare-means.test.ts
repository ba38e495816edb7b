import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ArgumentError } from '../../tensor/errors';
import { compareMeans } from './compare-means';
import { mean, standardDeviation } from '../../train/data';

const close = (got: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(got - expected) <= tolerance * Math.abs(expected), `${got} ${expected}`);

describe('compareMeans', () => {
  // The half widths are by integration of Student's density in float64.
  for (const [a, b, difference, half] of [
    [[69, 50, 90, 75, 80], [94, 90, 97, 95, 92], 20.8, 18.341118],
    [[1.5, 2, 4], [0.3, 0.1, 0.9, 0.2, 0.25], -2.15, 3.1433167],
  ] as const) {
    test(`is ${difference} ± ${half} for ${a.join(', ')} and ${b.join(', ')}`, () => {
      const found = compareMeans(a, b);
      close(found.difference, difference, 1e-9);
      close(found.interval[1] - found.difference, half, 0.01);
      close(found.difference - found.interval[0], half, 0.01);
      const back = compareMeans(b, a);
      close(back.interval[0], -found.interval[1], 1e-12);
    });
  }

  test('holds the true difference in 95 of 100 pairs of samples', () => {
    let state = 1;
    const unit = () => (state = (state * 16807) % 2147483647) / 2147483647;
    const normal = () => Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit());
    const draw = (scale: number) => Array.from({ length: 5 }, () => scale * normal());
    const pairs = 4000;
    let held = 0;
    for (let i = 0; i < pairs; i++) {
      const [low, high] = compareMeans(draw(1), draw(3)).interval;
      if (low <= 0 && 0 <= high) held++;
    }
    assert.ok(Math.abs(held / pairs - 0.95) < 0.012, `${held / pairs}`);
  });

  test('has no width for equal values, and is refused for fewer than three', () => {
    assert.deepEqual(compareMeans([1, 1, 1], [2, 2, 2]).interval, [1, 1]);
    assert.throws(() => compareMeans([1, 2], [1, 2, 3]), ArgumentError);
  });
});

test('mean and standard deviation are those of a sample', () => {
  assert.equal(mean([1, 2, 6]), 3);
  close(standardDeviation([1, 2, 6]), Math.sqrt((4 + 1 + 9) / 2), 1e-12);
});
