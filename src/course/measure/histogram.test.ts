import assert from 'node:assert/strict';
import { test } from 'node:test';
import { histogram } from './histogram';

test('a histogram has the share nearest to each centre, and leaves out what is beyond', () => {
  const values = [-0.3, -0.2, 0.1, 0.24, 0.26, 0.5, 0.74, 0.76, -9, 9];
  const shares = histogram(values, [-0.5, 0, 0.5]);
  const counts = shares.map((share) => Math.round(share * values.length));
  assert.deepEqual(counts, [1, 3, 3]);
  assert.deepEqual(histogram([], [0, 1]), [0, 0]);
});
