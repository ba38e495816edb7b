/** A notebook as Jupyter stores it, as far as it matters here. */
export interface Notebook {
  cells: NotebookCell[];
  metadata: Record<string, unknown>;
  nbformat: number;
  nbformat_minor: number;
}

/** A cell; one of text has neither outputs nor a count. */
export interface NotebookCell {
  cell_type: 'code' | 'markdown';
  id: string;
  metadata: Record<string, unknown>;
  /** lines, each with its end */
  source: string[];
  outputs?: unknown[];
  execution_count?: number | null;
}

/** Around what the learner is to write; the marks stand on lines of their own. */
const SOLUTION = /^( *)\/\/ BEGIN SOLUTION\n[^]*?^ *\/\/ END SOLUTION$/gm;

/** The learner's version of an author's notebook: stubs for solutions, and no outputs. */
export function toLearner(author: Notebook): Notebook {
  const cells = author.cells.map((cell) =>
    cell.cell_type === 'code'
      ? { ...cell, execution_count: null, outputs: [], source: lines(toStub(cell.source.join(''))) }
      : cell,
  );
  return { ...author, cells };
}

/** An author's notebook with the outputs of a run of it, and nothing else of that. */
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
