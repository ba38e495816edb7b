/** A notebook as Jupyter stores it: the fields that are used here. */
export interface Notebook {
  cells: NotebookCell[];
  metadata: Record<string, unknown>;
  nbformat: number;
  nbformat_minor: number;
}

/** A cell; only code cells have outputs and a count. */
export interface NotebookCell {
  cell_type: 'code' | 'markdown';
  id: string;
  metadata: Record<string, unknown>;
  /** lines, each with its line break */
  source: string[];
  outputs?: unknown[];
  execution_count?: number | null;
}

/** The code that the learner writes, between two marks on lines of their own. */
const SOLUTION = /^( *)\/\/ BEGIN SOLUTION\n[^]*?^ *\/\/ END SOLUTION$/gm;

/** Whether a notebook has code that the learner writes. */
export function hasExercises({ cells }: Notebook): boolean {
  return cells.some(
    ({ cell_type, source }) => cell_type === 'code' && /BEGIN SOLUTION/.test(source.join('')),
  );
}

/** Makes the learner's version of an author's notebook: stubs for solutions, and no outputs. */
export function toLearner(author: Notebook): Notebook {
  const cells = author.cells.map((cell) =>
    cell.cell_type === 'code'
      ? { ...cell, execution_count: null, outputs: [], source: lines(toStub(cell.source.join(''))) }
      : cell,
  );
  return { ...author, cells };
}

/** Copies outputs and counts of a run into the author's notebook, and nothing else. */
export function keepOutputs(author: Notebook, run: Notebook): Notebook {
  const cells = author.cells.map((cell, i) => {
    const { outputs, execution_count } = run.cells[i] ?? cell;
    return cell.cell_type === 'code' ? { ...cell, execution_count, outputs } : cell;
  });
  return { ...author, cells };
}

function toStub(source: string): string {
  return source.replace(SOLUTION, '$1return todo(); // your code');
}

function lines(source: string): string[] {
  return source.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
