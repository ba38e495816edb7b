import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { pages, proseOf, root } from './pages';

/** The targets of links and pictures, outside of code. */
function targetsOf(prose: string): string[] {
  const text = prose.replace(/`[^`\n]*`/g, (code) => (code.includes('](') ? '' : code));
  const links = [...text.matchAll(/\]\(([^()\s]+)\)/g)];
  const tags = [...text.matchAll(/(?:src|srcset|href)="([^"\s]+)"/g)];
  return [...links, ...tags]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub gives a page's headings. */
function anchorsOf(prose: string): Set<string> {
  const headings = [...prose.matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading = '']) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
  return new Set(headings);
}

const scripts = (
  JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  }
).scripts;

for (const page of pages()) {
  describe(page.name, () => {
    const prose = proseOf(page);

    test('every relative link leads to a file, and to a heading if it names one', () => {
      const broken = targetsOf(prose).filter((target) => {
        const [at = '', anchor] = target.split('#');
        const file = at === '' ? page.file : path.join(path.dirname(page.file), at);
        if (!existsSync(file)) return true;
        if (anchor === undefined) return false;
        const text = readFileSync(file, 'utf8');
        return !anchorsOf(proseOf({ ...page, text })).has(anchor);
      });
      assert.deepEqual(broken, []);
    });

    test('every path in code font exists', () => {
      const paths = [...prose.matchAll(/`((?:src|tests|data|notebooks)\/[\w./-]+)`/g)];
      const missing = paths
        .map(([, at = '']) => at)
        .filter((at) => !at.includes('/.') && !existsSync(path.join(root, at)));
      assert.deepEqual(missing, []);
    });

    test('every npm script that it names exists', () => {
      const names = [...page.text.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
      assert.deepEqual(
        names.filter((name) => !(name in scripts)),
        [],
      );
    });
  });
}
