import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { exercisesOf, runNotebook } from '../notebook';

const root = join(__dirname, '../../..');
const solutions = join(root, 'notebooks/solutions');

describe('in strict mode the answers pass', { concurrency: 2 }, () => {
  for (const name of readdirSync(solutions).filter((one) => exercisesOf(one) > 0)) {
    test(name, () =>
      runNotebook(join(solutions, name), join(root, 'artifacts/solutions'), {
        LESSON_STRICT: '1',
      }),
    );
  }
});
