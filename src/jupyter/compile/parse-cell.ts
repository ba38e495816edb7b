import * as typescript from '@tslab/typescript-for-tslab';

/** Parses the text of a cell alone, by the syntax that cells are compiled from. */
export function parseCell(code: string): typescript.SourceFile {
  return typescript.createSourceFile('cell.ts', code, typescript.ScriptTarget.ES2022, true);
}
