import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { hasExercises, type Notebook, toLearner } from '../../src/cli';
import { codeCells } from '../notebook';

const root = join(__dirname, '../../..');
const learners = join(root, 'notebooks');
const solutions = join(learners, 'solutions');
const names = readdirSync(learners).filter((name) => name.endsWith('.ipynb'));
/** The functions that a learner writes in each notebook that has exercises. */
const STUBS: Record<string, number> = {
  '05_lora_peft.ipynb': 8,
  '05f_todays_models.ipynb': 6,
  '05g_your_data.ipynb': 5,
};
const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Notebook;

for (const name of names) {
  describe(`notebooks/solutions/${name}`, () => {
    const file = join(solutions, name);

    test("agrees with the learner's notebook; if not: npm run notebooks", () => {
      const [learner, solution] = [read(join(learners, name)), read(file)];
      assert.deepEqual(learner, toLearner(solution));
      assert.doesNotMatch(JSON.stringify(learner), /(BEGIN|END) SOLUTION/);
      const stubs = JSON.stringify(learner).match(/return todo\(\); \/\/ your code/g) ?? [];
      assert.equal(stubs.length, STUBS[name] ?? 0);
      assert.equal(hasExercises(solution), name in STUBS);
    });

    test('is committed with the outputs of one run, charts as SVG', () => {
      const cells = codeCells(file);
      cells.forEach((cell, i) => assert.equal(cell.execution_count, i + 1, cell.id));
      assert.ok(cells.some(({ outputs }) => outputs.some(({ data }) => data?.['image/svg+xml'])));
      assert.ok(cells.every(({ outputs }) => outputs.every((one) => one.output_type !== 'error')));
    });
  });
}

for (const name of Object.keys(STUBS)) {
  describe(`the exercises of ${name}`, () => {
    const file = join(solutions, name);

    test('are all passed by the committed answers', () => {
      const checks = codeCells(file).filter(({ id }) => id.endsWith('-check'));
      assert.equal(checks.length, name === '05g_your_data.ipynb' ? 4 : 5);
      for (const { id, outputs } of checks) assert.match(JSON.stringify(outputs), /✓ passed/, id);
    });

    test('are passed in strict mode today', () => {
      const saved = join(root, 'artifacts/solutions');
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(root, 'src/cli/bootstrap.cjs'), 'lesson', '--save', saved, file],
        { encoding: 'utf8', env: { ...process.env, LESSON_STRICT: '1', LESSON_SHORT: '1' } },
      );
      process.stdout.write(stdout);
      assert.equal(status, 0, stderr);
    });
  });
}
