import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleOf } from '../../../tests/example';
import { cutExamples } from './cut-examples';

const prompt = [1, 2, 3];
const short = exampleOf({ prompt, completion: [4, 5] });
const long = exampleOf({ prompt, completion: [4, 5, 6, 7, 8] });

test('cutExamples keeps what is short enough, and says nothing', () => {
  assert.deepEqual(cutExamples([short, long], 8), { examples: [short, long], note: '' });
});

test('cutExamples says how many are cut or taken out, and which length keeps them', () => {
  const late = exampleOf({ prompt: [1, 2, 3, 4, 5, 6], completion: [7] });
  const many = [...new Array<typeof short>(97).fill(short), long, long, late];
  const { examples, note } = cutExamples(many, 6);
  assert.equal(examples.length, 99);
  assert.deepEqual(examples.at(-1), exampleOf({ prompt, completion: [4, 5, 6] }));
  assert.equal(
    note,
    '3 of 100 rows (3.0 %) are longer than 6 tokens and were cut. 1 of them had nothing to learn left and is taken out. A maximal length of 8 keeps all of them whole, 8 keeps 99 %.',
  );
  assert.throws(() => cutExamples(many, 0), { name: 'ArgumentError' });
});
