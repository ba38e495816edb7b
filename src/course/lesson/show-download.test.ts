import assert from 'node:assert/strict';
import { test } from 'node:test';
import { downloadLine } from './show-download';

const file = 'model.safetensors';

test('a download is one line: the file, a bar, megabytes and speed', () => {
  const line = downloadLine({ file, loadedBytes: 67.5e6, totalBytes: 270e6 }, 12.34e6);
  const bar = '█'.repeat(7) + '░'.repeat(23);
  assert.equal(line, `model.safetensors ${bar} 67.5 of 270.0 MB, 12.3 MB/s`);
});

test('a file that came in one piece has no speed; an empty one is whole', () => {
  const whole = '█'.repeat(30);
  assert.equal(
    downloadLine({ file, loadedBytes: 1e5, totalBytes: 1e5 }, 0 / 0),
    `${file} ${whole} 0.1 of 0.1 MB`,
  );
  assert.equal(
    downloadLine({ file, loadedBytes: 0, totalBytes: 0 }, 0 / 0),
    `${file} ${whole} 0.0 of 0.0 MB`,
  );
});
