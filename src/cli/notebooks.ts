import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot, writeFileAtomically } from '../files/local';
import { keepOutputs, type Notebook, toLearner } from './learner-notebook';
import { runNotebooks } from './run-notebooks';

const NOTEBOOKS = path.join(projectRoot, 'notebooks');
const SOLUTIONS = path.join(NOTEBOOKS, 'solutions');

/**
 * Makes the learner's notebooks from the authors' in notebooks/solutions/, runs the authors' with
 * every check strict, and keeps their outputs.
 * @returns 0, or another number if a cell failed; the notebooks are then as they were
 */
export async function notebooks(): Promise<number> {
  const names = readdirSync(SOLUTIONS).filter((name) => name.endsWith('.ipynb'));
  const run = mkdtempSync(path.join(tmpdir(), 'solutions-'));
  try {
    const files = names.map((name) => path.join(SOLUTIONS, name));
    const code = runNotebooks(['--save', run, ...files], { LESSON_STRICT: '1' });
    if (code !== 0) return code;
    for (const name of names) {
      const author = read(path.join(SOLUTIONS, name));
      await write(path.join(NOTEBOOKS, name), toLearner(author));
      await write(path.join(SOLUTIONS, name), keepOutputs(author, read(path.join(run, name))));
      console.log(`notebooks/${name}, notebooks/solutions/${name}`);
    }
    return 0;
  } finally {
    rmSync(run, { recursive: true });
  }
}

function read(file: string): Notebook {
  return JSON.parse(readFileSync(file, 'utf8')) as Notebook;
}

/** As Jupyter writes it. */
function write(file: string, notebook: Notebook): Promise<void> {
  return writeFileAtomically(file, [`${JSON.stringify(notebook, null, 1)}\n`]);
}
