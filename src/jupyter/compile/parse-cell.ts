import * as typescript from '@tslab/typescript-for-tslab';

/** Parses the text of a cell alone, by the syntax that cells are compiled from: that of a module. */
export function parseCell(code: string): typescript.SourceFile {
  const options: typescript.CreateSourceFileOptions = {
    languageVersion: typescript.ScriptTarget.ES2022,
    setExternalModuleIndicator: (file) => {
      // Only a module may await at its top level.
      (file as { externalModuleIndicator?: unknown }).externalModuleIndicator = true;
    },
  };
  return typescript.createSourceFile('cell.ts', code, options, true);
}
