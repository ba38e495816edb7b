import { readFileSync } from 'node:fs';

/** A code cell of an .ipynb file. */
export interface Cell {
  id: string;
  source: string[];
  execution_count: number | null;
  outputs: { output_type: string; data?: Record<string, unknown>; text?: string[] }[];
}

/** The code cells of a notebook file, from top to bottom. */
export function codeCells(file: string): Cell[] {
  const { cells } = JSON.parse(readFileSync(file, 'utf8')) as {
    cells: (Cell & { cell_type: string })[];
  };
  return cells.filter((cell) => cell.cell_type === 'code');
}
