import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Notebook, toLearner } from '../../src/cli';
import { codeCells } from '../notebook';

const root = join(__dirname, '../../..');
const folder = join(root, 'notebooks/solutions');
const names = readdirSync(folder).filter((name) => name.endsWith('.ipynb'));
const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Notebook;

for (const name of names) {
  describe(`notebooks/solutions/${name}`, () => {
    test("is what the learner's notebook was written from; if not: npm run notebooks", () => {
      const learner = read(join(root, 'notebooks', name));
      assert.deepEqual(learner, toLearner(read(join(folder, name))));
      const text = JSON.stringify(learner);
      assert.equal(text.match(/return todo\(\); \/\/ your code/g)?.length, 8);
      assert.doesNotMatch(text, /(BEGIN|END) SOLUTION/);
    });

    test('is committed with outputs, every exercise passed, charts as SVG', () => {
      const cells = codeCells(join(folder, name));
      cells.forEach((cell, i) => assert.equal(cell.execution_count, i + 1, cell.id));
      const checks = cells.filter(({ id }) => id.endsWith('-check'));
      assert.equal(checks.length, 5);
      for (const { id, outputs } of checks) assert.match(JSON.stringify(outputs), /✓ passed/, id);
      const charts = cells.filter(({ outputs }) =>
        outputs.some(({ data }) => data?.['image/svg+xml']),
      );
      assert.ok(charts.length >= 5);
    });

    test('passes every check in strict mode', () => {
      const saved = join(root, 'artifacts/solutions');
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(root, 'src/cli/bootstrap.cjs'), 'lesson', '--save', saved, join(folder, name)],
        { encoding: 'utf8', env: { ...process.env, LESSON_STRICT: '1' } },
      );
      process.stdout.write(stdout);
      assert.equal(status, 0, stderr);
    });
  });
}
