import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { barScale, linearTicks, logTicks, pointScale, powerTicks } from './scale';

describe('ticks', () => {
  test('are multiples of 1, 2 or 5 times a power of ten and enclose the data', () => {
    assert.deepEqual(linearTicks(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
    assert.deepEqual(linearTicks(0, 589_824), [0, 1e5, 2e5, 3e5, 4e5, 5e5, 6e5]);
    assert.deepEqual(linearTicks(-3, 7), [-4, -2, 0, 2, 4, 6, 8]);
    assert.deepEqual(linearTicks(2.1, 2.4), [2.1, 2.15, 2.2, 2.25, 2.3, 2.35, 2.4]);
  });

  test('leave room on both sides of a flat line', () => {
    assert.deepEqual(linearTicks(4, 4), [2, 3, 4, 5, 6]);
    assert.deepEqual(linearTicks(0, 0), [-1, -0.5, 0, 0.5, 1]);
    assert.deepEqual(linearTicks(1, 1 + 2 ** -52), linearTicks(1, 1));
  });

  test('on a log axis are 1, 2, 5 within two decades and powers of ten beyond', () => {
    assert.deepEqual(logTicks(3, 70), [2, 5, 10, 20, 50, 100]);
    assert.deepEqual(logTicks(0.02, 0.3), [0.02, 0.05, 0.1, 0.2, 0.5]);
    assert.deepEqual(logTicks(1536, 589_824), [1000, 10_000, 100_000, 1_000_000]);
    assert.deepEqual(powerTicks(10, 1, 1e12), [1, 100, 1e4, 1e6, 1e8, 1e10, 1e12]);
    assert.deepEqual(powerTicks(10, 1e-7, 1e-5), [1e-7, 1e-6, 1e-5]);
  });

  test('follow ranks that are powers of two', () => {
    const ranks = { title: 'rank', scale: 'log' as const };
    assert.deepEqual(pointScale(ranks, [1, 8, 64]).ticks, [1, 2, 4, 8, 16, 32, 64]);
    assert.deepEqual(pointScale(ranks, [1, 8, 60]).ticks, [1, 2, 5, 10, 20, 50, 100]);
  });

  test('are few, rise, and enclose any values', () => {
    const size = fc.double({ min: 1e-100, max: 1e100, noNaN: true });
    fc.assert(
      fc.property(size, size, fc.boolean(), fc.boolean(), (a, b, isLog, isNegative) => {
        const values = isLog || !isNegative ? [a, b] : [-a, b];
        const { ticks } = pointScale({ title: 't', scale: isLog ? 'log' : 'linear' }, values);
        const low = Math.min(...values);
        const high = Math.max(...values);
        const slack = 1e-8 * Math.max(Math.abs(low), Math.abs(high));
        assert.ok(ticks.length >= 1 && ticks.length <= 10, `${ticks.length} ticks`);
        assert.ok(ticks.every((tick, i) => i === 0 || tick > (ticks[i - 1] ?? NaN)));
        assert.ok((ticks[0] ?? NaN) <= low + slack && (ticks.at(-1) ?? NaN) >= high - slack);
      }),
    );
  });
});

describe('scale', () => {
  test('places values by their logarithm on a log axis, with room at both ends', () => {
    const { place, range } = pointScale({ title: 'rank', scale: 'log' }, [1, 64]);
    const steps = [1, 2, 4, 8, 16, 32, 64].map(place);
    steps.slice(1).forEach((at, i) => {
      assert.ok(Math.abs(at - (steps[i] ?? NaN) - 1 / 1.06 / 6) < 1e-12, `${at}`);
    });
    assert.ok(Math.abs(place(8) - 0.5) < 1e-12);
    assert.ok(Math.abs(range[0] + 0.03 * Math.log10(64)) < 1e-12, 'Plotly takes exponents');
  });

  test("keeps the caller's ticks and format", () => {
    const format = (value: number): string => `${value / 1e6} MB`;
    const scale = pointScale({ title: 'size', ticks: [0, 2e6], format }, [1e6, 5e6]);
    assert.deepEqual(scale.ticks, [0, 2e6]);
    assert.deepEqual(scale.labels, ['0 MB', '2 MB']);
    assert.ok(scale.place(5e6) < 1 && scale.place(0) > 0);
  });

  test('writes numbers with thousands separators, and the extremes with exponents', () => {
    const { format } = pointScale({ title: 't' }, [0, 1]);
    const written = [0, 1536, 589_824, -0.25, 0.1 + 0.2, 1e-5, 2.5e20].map(format);
    assert.deepEqual(written, ['0', '1,536', '589,824', '-0.25', '0.3', '1e-5', '2.5e+20']);
  });

  test('starts at zero for bars, or on a log axis at a power of ten below the smallest', () => {
    assert.deepEqual(barScale({ title: 'n' }, [3, 9]).range, [0, 10]);
    assert.deepEqual(barScale({ title: 'n' }, [0, 0]).range, [0, 1]);
    const log = { title: 'bytes', scale: 'log' as const };
    assert.deepEqual(barScale(log, [589_824, 327.6e6]).range, [5, 9]);
    assert.deepEqual(barScale(log, [1001, 20_000]).range, [2, 5]);
    assert.ok(barScale(log, [1000]).place(1000) > 0.5);
  });
});
