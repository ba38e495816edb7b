import * as typescript from '@tslab/typescript-for-tslab';
import type { Declaration } from '../source';

/** Finds the names that a cell declares at its top level; code with syntax errors may yield fewer. */
export function findDeclarations(code: string): Declaration[] {
  const file = typescript.createSourceFile('cell.ts', code, typescript.ScriptTarget.ES2022, true);
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
    return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  }
  const imported =
    typescript.isImportDeclaration(statement) && statement.importClause?.namedBindings;
  if (imported && typescript.isNamedImports(imported)) {
    return imported.elements.map(({ name }) => name.text);
  }
  return [];
}

/** Lists the names bound by `x`, `{ a, b: c }` or `[d]`. */
function boundNames(name: typescript.BindingName): string[] {
  if (typescript.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) =>
    typescript.isBindingElement(element) ? boundNames(element.name) : [],
  );
}
