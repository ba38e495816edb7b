import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { describeProgress, progressFile, readProgress, recordGuess, recordPass } from './progress';

describe('progress', () => {
  const home = process.cwd();
  beforeEach(() => process.chdir(mkdtempSync(path.join(os.tmpdir(), 'lesson-'))));
  after(() => process.chdir(home));

  test('is saved in one file in the notebook’s folder, atomically', async () => {
    assert.deepEqual(readProgress(), { passed: [], guesses: {} });
    assert.ok(!existsSync(progressFile()), 'reading writes nothing');
    await recordPass('merge');
    await recordPass('merge');
    await recordGuess('params-r8', 10_000);
    await recordPass('rank');
    assert.deepEqual(readProgress(), {
      passed: ['merge', 'rank'],
      guesses: { 'params-r8': 10_000 },
    });
    assert.deepEqual(readdirSync('.'), ['.progress.json']);
  });

  test('is described in words', () => {
    const progress = { passed: ['merge', 'rank', 'no such'], guesses: {} };
    assert.equal(
      describeProgress(progress, '05'),
      '2 of 5 done: ✓ rank  ○ alpha  ○ agents  ✓ merge  ○ qlora',
    );
    assert.equal(
      describeProgress({ ...progress, passed: ['rotary', 'rank'] }, '05f'),
      '1 of 5 done: ○ rms-norm  ✓ rotary  ○ swiglu  ○ grouped-heads  ○ decoder-size',
    );
  });

  for (const broken of ['{"passed": ["me', '[]', 'null', '{"passed": [1], "guesses": {}}', '']) {
    test(`a broken file (${broken}) is set aside`, async () => {
      writeFileSync(progressFile(), broken);
      assert.deepEqual(readProgress(), { passed: [], guesses: {} });
      assert.equal(readFileSync('.progress.json.broken', 'utf8'), broken);
      await recordPass('rank');
      assert.deepEqual(readProgress().passed, ['rank']);
    });
  }
});
