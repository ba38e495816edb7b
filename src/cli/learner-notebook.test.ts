import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasExercises, keepOutputs, type Notebook, toLearner } from './learner-notebook';

const notebook = (...sources: string[]): Notebook => ({
  cells: [
    { cell_type: 'markdown', id: 'text', metadata: {}, source: ['// BEGIN SOLUTION'] },
    ...sources.map((source, i) => ({
      cell_type: 'code' as const,
      id: `cell-${i}`,
      metadata: { tags: ['kept'] },
      source: source.match(/[^\n]*\n|[^\n]+$/g) ?? [],
      outputs: [{ text: 'old' }],
      execution_count: 7,
    })),
  ],
  metadata: { kernelspec: { name: 'tslab' } },
  nbformat: 4,
  nbformat_minor: 5,
});

const answer = `const before = 1;
function f(x: number) {
  // BEGIN SOLUTION
  if (x > 0) {
    return 'secret';
  }
  // END SOLUTION
}
const g = {
    h() {
    // BEGIN SOLUTION
    return 'also secret';
    // END SOLUTION
    },
};`;

test('a notebook has exercises if a code cell marks a solution', () => {
  assert.ok(hasExercises(notebook('const a = 1;', answer)));
  assert.ok(!hasExercises(notebook('const a = 1;')));
});

test("the learner's notebook has a stub in place of each solution, and no outputs", () => {
  const learner = toLearner(notebook(answer, 'run();'));
  const { cells } = learner;
  assert.deepEqual({ ...learner, cells: [] }, { ...notebook(), cells: [] });
  assert.deepEqual(cells[0], notebook().cells[0]);
  assert.equal(
    cells[1]?.source.join(''),
    `const before = 1;
function f(x: number) {
  return todo(); // your code
}
const g = {
    h() {
    return todo(); // your code
    },
};`,
  );
  assert.equal(cells[1].source.length, 9);
  assert.deepEqual(cells[1].metadata, { tags: ['kept'] });
  for (const cell of cells.slice(1)) {
    assert.deepEqual([cell.outputs, cell.execution_count], [[], null]);
  }
});

test("the author's notebook gets the outputs and counts of a run, and nothing else", () => {
  const author = notebook(answer);
  const run = notebook(answer);
  Object.assign(run.cells[1] ?? {}, {
    outputs: [{ text: 'new' }],
    execution_count: 1,
    metadata: { execution: 'at noon' },
  });
  run.metadata = { language_info: {} };
  const kept = keepOutputs(author, run);
  assert.deepEqual(kept.cells[1], {
    ...author.cells[1],
    outputs: [{ text: 'new' }],
    execution_count: 1,
  });
  assert.deepEqual(kept.metadata, author.metadata);
});
