import * as typescript from '@tslab/typescript-for-tslab';
import type { Declaration } from '../source';
import { parseCell } from './parse-cell';
import { boundIdentifiers } from './taken-names';

/** Finds the names that a cell declares at its top level; code with syntax errors may yield fewer. */
export function findDeclarations(code: string): Declaration[] {
  const file = parseCell(code);
  return file.statements.flatMap((statement) =>
    declaredNames(statement).map((name) => ({
      name,
      source: statement.getText(),
      line: file.getLineAndCharacterOfPosition(statement.getStart()).line + 1,
    })),
  );
}

function declaredNames(statement: typescript.Statement): string[] {
  if (typescript.isFunctionDeclaration(statement) || typescript.isClassDeclaration(statement)) {
    return statement.name ? [statement.name.text] : [];
  }
  if (typescript.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) =>
      boundIdentifiers(name).map(({ text }) => text),
    );
  }
  const imported =
    typescript.isImportDeclaration(statement) && statement.importClause?.namedBindings;
  if (imported && typescript.isNamedImports(imported)) {
    return imported.elements.map(({ name }) => name.text);
  }
  return [];
}
