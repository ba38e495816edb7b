import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The repository: the compiled file is in dist/tests/docs. */
export const root = path.join(__dirname, '../../..');

/** A page of the docs. */
export interface Page {
  /** relative to the repository, such as `docs/speed.md` */
  name: string;
  file: string;
  text: string;
}

/** The pages in the repository's root and in docs/. */
export function pages(): Page[] {
  return ['.', 'docs'].flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => {
        const file = path.join(root, folder, name);
        return { name: path.join(folder, name), file, text: readFileSync(file, 'utf8') };
      }),
  );
}

/** A fenced block of code in a page. */
export interface Sample {
  page: string;
  /** of its first line of code, from 1 */
  line: number;
  language: string;
  code: string;
}

/** The fenced blocks of a page, from top to bottom. */
export function samplesOf({ name, text }: Page): Sample[] {
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map((match) => ({
    page: name,
    line: text.slice(0, match.index).split('\n').length + 1,
    language: match[1] ?? '',
    code: match[2] ?? '',
  }));
}

/** A page without its blocks of code, line for line. */
export function proseOf({ text }: Page): string {
  return text.replace(/^```\w*\n[^]*?^```$/gm, (block) => block.replace(/[^\n]/g, ''));
}

/** The code of the sample of a page that starts with this text. */
export function sampleOf(page: string, start: string): string {
  const found = pages()
    .filter(({ name }) => name === page)
    .flatMap(samplesOf)
    .find(({ code }) => code.startsWith(start));
  if (!found) throw new Error(`${page} has no sample that starts with ${start}`);
  return found.code;
}
