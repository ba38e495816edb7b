import * as typescript from '@tslab/typescript-for-tslab';
import type { ConvertResult } from 'tslab/dist/converter';
import { parseCell } from './parse-cell';

type Diagnostic = ConvertResult['diagnostics'][number];

/** Names through which a cell keeps what it defines: the cell would lose it. */
const HOLDERS = new Set(['exports', '__proto__', '__esModule', '__tslab__']);
/** Parameter of the function that a cell becomes, next to which there can be no `let` of that name. */
const PARAMETER = 'require';
/** Variables that the compiler adds to a cell that imports. */
const HELPER = /^__(?:importDefault|importStar|createBinding|setModuleDefault|exportStar)$/;

/** Finds names that a cell must not declare at its top level, since its compiled form uses them. */
export function findTakenNames(code: string): Diagnostic[] {
  const file = parseCell(code);
  const imports = file.statements.some(typescript.isImportDeclaration);
  const isTaken = ({ name: { text }, isLexical }: Declared): boolean =>
    HOLDERS.has(text) || (isLexical && (text === PARAMETER || (imports && HELPER.test(text))));
  const placeOf = (offset: number) => ({ offset, ...file.getLineAndCharacterOfPosition(offset) });
  return file.statements
    .flatMap(declared)
    .filter(isTaken)
    .map(({ name }) => ({
      start: placeOf(name.getStart(file)),
      end: placeOf(name.end),
      messageText: `The name '${name.text}' is taken: compiled cells use it. Choose another name.`,
      category: typescript.DiagnosticCategory.Error,
      code: 0,
    }));
}

interface Declared {
  name: typescript.Identifier;
  /** `let`, `const`, `class`, `enum` or an import: there can be only one of that name */
  isLexical: boolean;
}

function declared(statement: typescript.Statement): Declared[] {
  const lexical = (name: typescript.Identifier) => ({ name, isLexical: true });
  if (typescript.isVariableStatement(statement)) {
    const { flags, declarations } = statement.declarationList;
    const isLexical = (flags & typescript.NodeFlags.BlockScoped) !== 0;
    const names = declarations.flatMap(({ name }) => boundIdentifiers(name));
    return names.map((name) => ({ name, isLexical }));
  }
  if (typescript.isFunctionDeclaration(statement)) {
    return statement.name ? [{ name: statement.name, isLexical: false }] : [];
  }
  if (typescript.isImportDeclaration(statement)) return importedIdentifiers(statement).map(lexical);
  if (typescript.isClassDeclaration(statement) || typescript.isEnumDeclaration(statement)) {
    return statement.name ? [lexical(statement.name)] : [];
  }
  return [];
}

/** Lists the identifiers that an import binds to values. */
export function importedIdentifiers({
  importClause,
}: typescript.ImportDeclaration): typescript.Identifier[] {
  if (importClause === undefined || importClause.isTypeOnly) return [];
  const { name, namedBindings: bindings } = importClause;
  const named =
    bindings && typescript.isNamespaceImport(bindings) ? [bindings] : (bindings?.elements ?? []);
  return [...(name ? [name] : []), ...named.map((binding) => binding.name)];
}

/** Lists the identifiers bound by `x`, `{ a, b: c }` or `[d]`. */
export function boundIdentifiers(name: typescript.BindingName): typescript.Identifier[] {
  if (typescript.isIdentifier(name)) return [name];
  return name.elements.flatMap((element) =>
    typescript.isBindingElement(element) ? boundIdentifiers(element.name) : [],
  );
}
