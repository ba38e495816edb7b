import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot, writeFileAtomically } from '../files/local';
import { hasExercises, keepOutputs, type Notebook, toLearner } from './learner-notebook';
import { runNotebooks } from './run-notebooks';

const NOTEBOOKS = path.join(projectRoot, 'notebooks');
const SOLUTIONS = path.join(NOTEBOOKS, 'solutions');

/**
 * Writes both versions of every notebook: the learner's in notebooks/, without outputs, and in
 * notebooks/solutions/ the same with answers and outputs, made by a run with every check strict.
 * A notebook with exercises is edited in solutions/, any other in notebooks/.
 * @returns 0, or another number if a cell failed; no notebook is changed then
 */
export async function notebooks(): Promise<number> {
  const names = readdirSync(NOTEBOOKS).filter((name) => name.endsWith('.ipynb'));
  const authors = names.map(authorOf);
  const executed = mkdtempSync(path.join(tmpdir(), 'solutions-'));
  try {
    const code = runNotebooks(['--save', executed, ...authors], { LESSON_STRICT: '1' });
    if (code !== 0) return code;
    for (const [i, name] of names.entries()) {
      const author = read(authors[i] ?? '');
      const run = read(path.join(executed, name));
      await write(path.join(NOTEBOOKS, name), toLearner(author));
      await write(path.join(SOLUTIONS, name), keepOutputs(author, run));
      console.log(`notebooks/${name}, notebooks/solutions/${name}`);
    }
    return 0;
  } finally {
    rmSync(executed, { recursive: true });
  }
}

/** Finds the version of a notebook that its author edits. */
function authorOf(name: string): string {
  const solution = path.join(SOLUTIONS, name);
  return existsSync(solution) && hasExercises(read(solution))
    ? solution
    : path.join(NOTEBOOKS, name);
}

function read(file: string): Notebook {
  return JSON.parse(readFileSync(file, 'utf8')) as Notebook;
}

/** Writes a notebook in Jupyter's format. */
function write(file: string, notebook: Notebook): Promise<void> {
  return writeFileAtomically(file, [`${JSON.stringify(notebook, null, 1)}\n`]);
}
