import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/files/local';
import { RECIPE } from '../../src/train';

const PAGE = path.join(projectRoot, 'docs', 'finetune.md');
const SOURCE = path.join(projectRoot, 'src', 'train', 'finetune', 'recipe.ts');
const BETWEEN = /(<!-- recipe table -->)[^]*(<!-- end of recipe table -->)/;

/** The keys with their docstrings and defaults, as `Recipe` has them. */
function table(): string {
  const [, members = ''] =
    /export interface Recipe \{\n([^]*?)\n\}/.exec(readFileSync(SOURCE, 'utf8')) ?? [];
  const what = new Map<string, string>();
  let words = '';
  for (const line of members.split('\n')) {
    const [, comment] = /^ {2}\/\*\* (.*) \*\/$/.exec(line) ?? [];
    const [, key] = /^ {2}(\w+): /.exec(line) ?? [];
    if (comment) words = comment;
    if (!key) continue;
    what.set(key, words);
    words = '';
  }
  const rows = Object.entries(RECIPE).map(
    ([key, value]) =>
      `| \`${key}\` | ${value === '' ? '' : `\`${JSON.stringify(value)}\``} | ${what.get(key)} |`,
  );
  return `\n\n| key | unless given | |\n| - | - | - |\n${rows.join('\n')}\n\n`;
}

const plain = (text: string) => text.replace(/ +/g, ' ').replace(/-{2,}/g, '-');

// `UPDATE_SNAPSHOTS=1 npm test` writes the table anew.
test('docs/finetune.md has each key of a recipe, with its default', () => {
  const text = readFileSync(PAGE, 'utf8');
  const wanted = text.replace(BETWEEN, (_, start: string, end: string) => start + table() + end);
  if (process.env.UPDATE_SNAPSHOTS) writeFileSync(PAGE, wanted);
  else assert.equal(plain(text), plain(wanted));
});
