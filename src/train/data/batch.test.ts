import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Draw } from '../../tensor/runtime';
import { IGNORED } from '../loop';
import { type Batch, drawBatches, makeBatch, PADDING } from './batch';
import { countLabels } from './completion-loss';
import { exampleOf } from '../../../tests/example';
import type { Example } from './example';

const token = fc.integer({ min: 1, max: 60 });
const example = fc.record({
  prompt: fc.array(token, { minLength: 1, maxLength: 9 }),
  completion: fc.array(token, { minLength: 1, maxLength: 5 }),
});

/** Examples of 3 to 40 tokens; the one token of the completion, 1000 + i, tells them apart. */
function drawExamples(count: number): Example[] {
  const draw = new Draw(1, 'examples');
  return Array.from({ length: count }, (_, i) => {
    const prompt = Array.from({ length: draw.int(2, 39) }, () => draw.int(1, 60));
    return exampleOf({ prompt, completion: [1000 + i] });
  });
}

function take<T>(items: Iterator<T, never>, count: number): T[] {
  return Array.from({ length: count }, () => items.next().value);
}

/** The examples of a batch by the index that their completion holds. */
function indices({ labels }: Batch): number[] {
  return labels.filter((label) => label !== IGNORED).map((label) => label - 1000);
}

/** How often each example comes in some batches. */
function countsOf(batches: readonly Batch[], examples: number): number[] {
  const counts = new Array<number>(examples).fill(0);
  for (const index of batches.flatMap(indices)) counts[index] = (counts[index] ?? NaN) + 1;
  return counts;
}

function paddingShare(batches: readonly Batch[]): number {
  const ids = batches.flatMap((batch) => batch.ids).flat();
  return ids.filter((id) => id === PADDING).length / ids.length;
}

describe('makeBatch', () => {
  test('gives the next token of a completion as label, and nothing else', () => {
    const batch = makeBatch([
      exampleOf({ prompt: [5, 6, 7], completion: [8, 9] }),
      exampleOf({ prompt: [3, 4], completion: [2] }),
    ]);
    assert.deepEqual(batch, {
      ids: [
        [5, 6, 7, 8],
        [3, 4, 2, 0],
      ],
      labels: [IGNORED, IGNORED, 8, 9, IGNORED, 2, IGNORED, IGNORED],
      tokens: 7,
    });
    assert.equal(countLabels(batch), 3);
  });

  test('keeps every prompt and completion, whatever the examples', () => {
    fc.assert(
      fc.property(fc.array(example, { minLength: 1, maxLength: 5 }), (some) => {
        const { ids, labels } = makeBatch(some.map(exampleOf));
        const width = ids[0]?.length ?? 0;
        assert.equal(labels.length, ids.length * width);
        some.forEach(({ prompt, completion }, row) => {
          const own = labels.slice(row * width, (row + 1) * width);
          assert.deepEqual(
            own.filter((label) => label !== IGNORED),
            completion,
          );
          own.forEach((label, i) => {
            if (label === IGNORED) return;
            assert.equal(label, [...prompt, ...completion][i + 1]);
          });
          assert.deepEqual(ids[row]?.slice(0, prompt.length), prompt);
        });
      }),
    );
  });
});

describe('drawBatches', () => {
  test('refuses text, which would be cut into letters', () => {
    const rows = [{ prompt: '2+2=', completion: '4' }] as unknown as Example[];
    const message =
      /each example must have ids, and labels for each of them, got {"prompt":"2\+2=".* at 0\. Encode the rows first/;
    assert.throws(() => drawBatches(rows, { size: 1, seed: 1 }), {
      name: 'ArgumentError',
      message,
    });
    assert.throws(() => makeBatch(rows), { name: 'ArgumentError', message });
    for (const bad of [undefined, {}, 'abc', Promise.resolve([]), [null], [undefined]] as never[]) {
      assert.throws(() => drawBatches(bad, { size: 1, seed: 1 }), { name: 'ArgumentError' });
    }
  });

  test('gives every example once an epoch, if the size divides their number', () => {
    const examples = drawExamples(60);
    const batches = drawBatches(examples, { size: 4, seed: 1 });
    for (let epoch = 0; epoch < 5; epoch++) {
      assert.deepEqual(countsOf(take(batches, 15), 60), new Array(60).fill(1));
    }
  });

  test('carries the examples left over to the next epoch, so none is lost', () => {
    const [count, size] = [61, 7]; // one of seven epochs has 8 batches, the others 9 or 8
    const batches = take(drawBatches(drawExamples(count), { size, seed: 2 }), 4 * count);
    for (const batch of batches) assert.equal(batch.ids.length, size);
    // After 7 epochs nothing is left over.
    for (const epochs of [7, 14, 21, 28]) {
      const counts = countsOf(batches.slice(0, (epochs * count) / size), count);
      assert.deepEqual(counts, new Array(count).fill(epochs));
    }
    for (let end = 1; end < batches.length; end++) {
      const counts = countsOf(batches.slice(0, end), count);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 2, `after ${end} batches`);
    }
  });

  test('puts examples of similar length together, in an order that lengths do not tell', () => {
    const examples = drawExamples(1000);
    const [size, count] = [10, 100];
    const batches = take(drawBatches(examples, { size, seed: 3 }), count);
    const shuffled = new Draw(3, 'test').shuffle(examples);
    const naive = Array.from({ length: count }, (_, i) =>
      makeBatch(shuffled.slice(i * size, (i + 1) * size)),
    );
    const [share, most] = [paddingShare(batches), paddingShare(naive)];
    assert.ok(share < most / 4, `${share} of the batches is padding, ${most} of shuffled ones`);
    const widths = batches.map(({ ids }) => ids[0]?.length ?? NaN);
    const rises = widths.filter((width, i) => width > (widths[i - 1] ?? Infinity)).length;
    assert.ok(rises > 0.35 * count && rises < 0.65 * count, `${rises} batches are longer`);
  });

  test('gives the same batches for the same seed, others for another, others each epoch', () => {
    const examples = drawExamples(60);
    const first = (seed: number, count: number) =>
      take(drawBatches(examples, { size: 4, seed }), count);
    assert.deepEqual(first(1, 30), first(1, 30));
    assert.notDeepEqual(first(1, 15), first(2, 15));
    assert.notDeepEqual(first(1, 30).slice(0, 15), first(1, 30).slice(15));
  });

  test('refuses a size that is not positive, or larger than the number of examples', () => {
    const draw = (size: number) => drawBatches(drawExamples(60), { size, seed: 1 }).next();
    assert.throws(() => draw(61), { name: 'ArgumentError', message: /at most 60/ });
    assert.throws(() => draw(0), { name: 'ArgumentError', message: /positive integer/ });
  });
});
