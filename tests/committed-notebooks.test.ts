import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { hasExercises, type Notebook, toLearner } from '../src/cli';
import { codeCells, exercisesOf } from './notebook';

const folder = join(__dirname, '../../notebooks');
const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Notebook;
/** The functions that a learner writes in each notebook that has exercises. */
const STUBS: Record<string, number> = {
  '05_lora_peft.ipynb': 8,
  '05f_todays_models.ipynb': 6,
  '05g_your_data.ipynb': 5,
};

for (const name of readdirSync(folder).filter((one) => one.endsWith('.ipynb'))) {
  describe(name, () => {
    const learner = join(folder, name);
    const author = join(folder, 'solutions', name);

    test('has short cells and stable ids, and no output', () => {
      for (const cell of codeCells(learner)) {
        assert.ok(cell.source.length <= 15, `cell ${cell.id}: ${cell.source.length} lines`);
        const widest = Math.max(...cell.source.map((line) => line.trimEnd().length));
        assert.ok(widest <= 96, `cell ${cell.id}: ${widest} characters in a line`);
        assert.match(cell.id, /^[a-z0-9-]+$/);
        assert.deepEqual(cell.outputs, []);
        assert.equal(cell.execution_count, null);
      }
      assert.ok(readFileSync(learner, 'utf8').endsWith('}\n'));
    });

    test("agrees with the author's notebook; if not: npm run notebooks", () => {
      const solution = read(author);
      assert.deepEqual(read(learner), toLearner(solution));
      const text = JSON.stringify(read(learner));
      assert.doesNotMatch(text, /(BEGIN|END) SOLUTION/);
      const stubs = text.match(/return todo\(\); \/\/ your code/g) ?? [];
      assert.equal(stubs.length, STUBS[name] ?? 0);
      assert.equal(hasExercises(solution), name in STUBS);
    });

    test("the author's has the outputs of one run: charts as SVG, exercises passed", () => {
      const cells = codeCells(author);
      cells.forEach((cell, i) => assert.equal(cell.execution_count, i + 1, cell.id));
      assert.ok(cells.some(({ outputs }) => outputs.some(({ data }) => data?.['image/svg+xml'])));
      assert.ok(cells.every(({ outputs }) => outputs.every((one) => one.output_type !== 'error')));
      const checks = cells.filter(({ id }) => /^exercise-\d-check$/.test(id));
      assert.equal(checks.length, exercisesOf(name));
      for (const { id, outputs } of checks) assert.match(JSON.stringify(outputs), /✓ passed/, id);
    });
  });
}
