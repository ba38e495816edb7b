import * as typescript from '@tslab/typescript-for-tslab';
import { parseCell } from './parse-cell';
import { importedIdentifiers } from './taken-names';

const { factory } = typescript;

/** What a cell that has run leaves to those after it. */
export interface Declared {
  /** declarations of all variables and types before the cell, and after it: a `.d.ts` file each */
  before: string;
  after: string;
  /** variables that the cell declares */
  names: ReadonlySet<string>;
}

/**
 * Returns the declarations that hold after a cell that has come to declare only the variables in
 * `reached`: the others are what they were before it. Its types hold in any case.
 */
export function mergeDeclarations(
  { before, after, names }: Declared,
  reached: ReadonlySet<string>,
): string {
  const missed = new Set([...names].filter((name) => !reached.has(name)));
  if (missed.size === 0) return after;
  return [
    only(after, (name) => !missed.has(name)),
    only(before, (name) => missed.has(name), 'no types'),
  ].join('');
}

/** Keeps the declarations of some variables, and those of all types or of none. */
function only(text: string, isKept: (name: string) => boolean, types?: 'no types'): string {
  const file = parseCell(text);
  const printer = typescript.createPrinter({ newLine: typescript.NewLineKind.LineFeed });
  const keeps = ({ text: name }: typescript.Identifier): boolean => isKept(name);
  return file.statements
    .map((statement) => {
      if (isType(statement)) return types ? undefined : statement;
      return narrowed(statement, keeps);
    })
    .filter((statement) => statement !== undefined)
    .map((statement) => `${printer.printNode(typescript.EmitHint.Unspecified, statement, file)}\n`)
    .join('');
}

function isType(statement: typescript.Statement): boolean {
  return (
    typescript.isInterfaceDeclaration(statement) ||
    typescript.isTypeAliasDeclaration(statement) ||
    (typescript.isImportDeclaration(statement) && statement.importClause?.isTypeOnly === true)
  );
}

type Keeps = (name: typescript.Identifier) => boolean;

/** Narrows a statement to the names that are kept; undefined if there are none. */
function narrowed(statement: typescript.Statement, keeps: Keeps): typescript.Statement | undefined {
  if (typescript.isVariableStatement(statement)) {
    const list = statement.declarationList;
    const kept = list.declarations.filter(
      ({ name }) => typescript.isIdentifier(name) && keeps(name),
    );
    if (kept.length === 0) return undefined;
    const narrow = factory.updateVariableDeclarationList(list, kept);
    return factory.updateVariableStatement(statement, statement.modifiers, narrow);
  }
  if (typescript.isImportDeclaration(statement)) return narrowedImport(statement, keeps);
  const { name } = statement as typescript.DeclarationStatement;
  return name && typescript.isIdentifier(name) && keeps(name) ? statement : undefined;
}

function narrowedImport(
  statement: typescript.ImportDeclaration,
  keeps: Keeps,
): typescript.Statement | undefined {
  const { importClause: clause, moduleSpecifier } = statement;
  if (!clause || !importedIdentifiers(statement).some(keeps)) return undefined;
  const { name, namedBindings: bindings } = clause;
  const own = name && keeps(name) ? name : undefined;
  const narrow = factory.createImportClause(
    false,
    own,
    bindings && narrowedBindings(bindings, keeps),
  );
  return factory.createImportDeclaration(undefined, narrow, moduleSpecifier);
}

function narrowedBindings(
  bindings: typescript.NamedImportBindings,
  keeps: Keeps,
): typescript.NamedImportBindings | undefined {
  if (typescript.isNamespaceImport(bindings)) return keeps(bindings.name) ? bindings : undefined;
  const kept = bindings.elements.filter(({ name }) => keeps(name));
  return kept.length > 0 ? factory.createNamedImports(kept) : undefined;
}
