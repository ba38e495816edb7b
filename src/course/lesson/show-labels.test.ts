import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { loadTokenizer, readConfig } from '../../model';
import { encodeRows } from '../../train';
import { BASE } from '../shipped';
import { showLabels } from './show-labels';

test('labels are marked in the text, and stand in [[ ]] where there is no HTML', async () => {
  const tokenizer = await loadTokenizer(BASE, await readConfig(path.join(BASE, 'config.json')));
  const rows = [{ prompt: '3<4? ', completion: 'yes & no' }];
  const [example] = encodeRows(tokenizer, rows);
  const shown = showLabels(tokenizer, example as NonNullable<typeof example>);
  assert.match(String(shown['text/plain']), /^3<4\? \[\[yes & no.*\]\]$/);
  assert.match(String(shown['text/html']), /3&lt;4\? <mark style="[^"]+">yes &amp; no/);
});
