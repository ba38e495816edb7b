import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pages, root } from './pages';

type Row = Record<string, unknown>;

const rows = (name: string) =>
  JSON.parse(readFileSync(join(root, 'data/results', `${name}.json`), 'utf8')) as Row[];

/** Sentences that compare, outside the tables, and the rows that their numbers come from. */
const CLAIMS: { page: string; sentence: RegExp; numbers: () => string[] }[] = [
  {
    page: 'docs/results.md',
    sentence:
      /The team solves more than the solver alone with as many tokens, by ([\d.]+) to ([\d.]+) points/,
    numbers: () => {
      const [row] = rows('agents').filter(({ minus }) => minus === 'solver, vote, equal tokens');
      return [row?.low, row?.high].map((share) => (100 * (share as number)).toFixed(1));
    },
  },
];

for (const { page, sentence, numbers } of CLAIMS) {
  test(`${page} says what was measured: ${sentence.source.slice(0, 40)}...`, () => {
    const text = pages().find(({ name }) => name === page)?.text ?? '';
    assert.deepEqual(sentence.exec(text)?.slice(1), numbers());
  });
}

test('no page compares without a number: every such sentence is in the list, a table or on the speed page', () => {
  const compares =
    /\b(better|worse|solves (?:more|less)|beats|wins|learns (?:faster|more slowly))\b/i;
  for (const { name, text } of pages()) {
    if (name === 'CHANGELOG.md' || name === 'docs/speed.md') continue;
    const sentences = text.replace(/^\|.*$/gm, '').split(/(?<=[.!?])\s+/);
    const bare = sentences.filter(
      (one) =>
        compares.test(one) &&
        !CLAIMS.some(({ page, sentence }) => page === name && sentence.test(one)),
    );
    assert.deepEqual(bare, [], name);
  }
});
