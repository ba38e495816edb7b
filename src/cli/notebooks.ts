import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeFileAtomically } from '../safetensors';
import { jupyterEnvironment } from './jupyter-environment';
import { keepOutputs, type Notebook, toLearner } from './learner-notebook';
import { pythonPath, repoRoot } from './paths';

const NOTEBOOKS = path.join(repoRoot, 'notebooks');
const SOLUTIONS = path.join(NOTEBOOKS, 'solutions');

/**
 * Makes the learner's notebooks from the authors' in notebooks/solutions/, runs the authors' with
 * every check strict, and keeps their outputs.
 * @returns 0, or 1 if a cell failed; the notebooks are then as they were
 */
export async function notebooks(): Promise<number> {
  const names = readdirSync(SOLUTIONS).filter((name) => name.endsWith('.ipynb'));
  const run = mkdtempSync(path.join(tmpdir(), 'solutions-'));
  try {
    if (!runAll(names, run)) return 1;
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

function runAll(names: string[], folder: string): boolean {
  const script = path.join(repoRoot, 'src/cli/run_notebook.py');
  const files = names.map((name) => path.join(SOLUTIONS, name));
  const { status } = spawnSync(pythonPath(), [script, '--save', folder, ...files], {
    env: { ...process.env, ...jupyterEnvironment(), LESSON_STRICT: '1' },
    stdio: 'inherit',
  });
  return status === 0;
}

function read(file: string): Notebook {
  return JSON.parse(readFileSync(file, 'utf8')) as Notebook;
}

/** As Jupyter writes it. */
function write(file: string, notebook: Notebook): Promise<void> {
  return writeFileAtomically(file, [`${JSON.stringify(notebook, null, 1)}\n`]);
}
