import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History, type HistoryRequest } from './history';

const history = new History();
for (const [i, code] of ['a = 1', 'b.c(2)', 'a = 1', 'x*y\nz'].entries()) history.add(i + 1, code);

const lines = (request: HistoryRequest) =>
  history.find(request).history.map((entry) => (entry as number[])[1]);

test('the history gives the last cells, a range, or those like a pattern', () => {
  assert.deepEqual(lines({ hist_access_type: 'tail', n: 2 }), [3, 4]);
  assert.deepEqual(lines({ hist_access_type: 'tail', n: 10 }), [1, 2, 3, 4]);
  assert.deepEqual(lines({ hist_access_type: 'range', start: 2, stop: 4 }), [2, 3]);
  assert.deepEqual(lines({ hist_access_type: 'range' }), [1, 2, 3, 4]);
  assert.deepEqual(lines({ hist_access_type: 'search', pattern: 'a*' }), [1, 3]);
  assert.deepEqual(lines({ hist_access_type: 'search', pattern: 'a*', n: 1 }), [3]);
  assert.deepEqual(lines({ hist_access_type: 'search', pattern: 'a = ?', unique: true }), [3]);
  assert.deepEqual(lines({ hist_access_type: 'search', pattern: 'b.c(2)' }), [2]);
  assert.deepEqual(lines({ hist_access_type: 'search', pattern: 'bxc(2)' }), []);
  assert.deepEqual(lines({ hist_access_type: 'search', pattern: 'x*z' }), [4]);
  assert.deepEqual(lines({ hist_access_type: 'unheard of' }), []);
  assert.deepEqual(lines({}), []);
});

test('with outputs, each text comes with null: they are not kept', () => {
  const { history: found } = history.find({ hist_access_type: 'tail', n: 1, output: true });
  assert.deepEqual(found, [[1, 4, ['x*y\nz', null]]]);
});
