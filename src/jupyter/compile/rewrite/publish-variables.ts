import * as typescript from '@tslab/typescript-for-tslab';
import { callKernel } from './call-kernel';
import { boundIdentifiers, importedIdentifiers } from '../taken-names';

const { factory } = typescript;

/**
 * Lets a compiled cell (an ES module) tell the kernel of each variable as soon as it is declared,
 * in place of tslab's list of exports at its end. Later cells then read and write the very variable
 * that the functions of its cell use, also if the cell ends before its last line.
 */
export class VariablePublisher {
  /** the variables that the cell declares, functions included */
  readonly names = new Set<string>();

  readonly transform = (file: typescript.SourceFile): typescript.SourceFile => {
    const { statements } = file;
    const exported = new Set(statements.flatMap(exportedNames));
    const publish = (names: string[], kind: Kind): typescript.Statement[] => {
      const own = names.filter((name) => exported.has(name));
      own.forEach((name) => this.names.add(name));
      return own.length > 0 ? [publication(own, kind)] : [];
    };
    // Functions exist from the first line on.
    const functions = statements.filter(typescript.isFunctionDeclaration);
    const first = publish(functions.flatMap(nameOf), 'variable');
    const rest = statements.flatMap((statement) => withPublication(statement, publish));
    // Without an import or export, it would be a script.
    const none = factory.createExportDeclaration(undefined, false, factory.createNamedExports([]));
    return factory.updateSourceFile(file, [...first, ...rest, none]);
  };
}

/** Who may give a name another value: nobody, the module that it is imported from, any cell. */
type Kind = 'constant' | 'import' | 'variable';
type Publish = (names: string[], kind: Kind) => typescript.Statement[];

function withPublication(statement: typescript.Statement, publish: Publish) {
  if (typescript.isExportDeclaration(statement) && !statement.moduleSpecifier) return [];
  if (typescript.isVariableStatement(statement)) {
    const [declaration] = statement.declarationList.declarations;
    return statement.modifiers && declaration?.initializer
      ? [lastValue(declaration.initializer)]
      : oneByOne(statement, publish);
  }
  if (typescript.isClassDeclaration(statement)) {
    return [statement, ...publish(nameOf(statement), 'variable')];
  }
  if (typescript.isImportDeclaration(statement)) {
    return [statement, ...publish(textsOf(importedIdentifiers(statement)), 'import')];
  }
  return [statement];
}

/** Splits `let a = 1, b = 2;`: the second may fail. */
function oneByOne(statement: typescript.VariableStatement, publish: Publish) {
  const { declarations, flags } = statement.declarationList;
  const kind = flags & typescript.NodeFlags.Const ? 'constant' : 'variable';
  return declarations.flatMap((declaration) => {
    const list = factory.createVariableDeclarationList(
      [declaration],
      flags & typescript.NodeFlags.BlockScoped,
    );
    const names = textsOf(boundIdentifiers(declaration.name));
    return [factory.createVariableStatement(undefined, list), ...publish(names, kind)];
  });
}

/** `__tslab__.last(value);` in place of tslab's `export const tsLastExpr = value;`. */
function lastValue(value: typescript.Expression): typescript.Statement {
  return factory.createExpressionStatement(callKernel('last', value));
}

/** `__tslab__.publish({ a })`, or with accessors, through which others use the variable itself. */
function publication(names: string[], kind: Kind): typescript.Statement {
  const members = names.flatMap((name) => MEMBERS[kind].map((member) => member(name)));
  const object = factory.createObjectLiteralExpression(members);
  return factory.createExpressionStatement(callKernel('publish', object));
}

type Member = (name: string) => typescript.ObjectLiteralElementLike;

const getter: Member = (name) => {
  const read = factory.createReturnStatement(factory.createIdentifier(name));
  const body = factory.createBlock([read]);
  return factory.createGetAccessorDeclaration(undefined, name, [], undefined, body);
};

const setter: Member = (name) => {
  const value = factory.createIdentifier(`${name}_`);
  const assignment = factory.createAssignment(factory.createIdentifier(name), value);
  const parameter = factory.createParameterDeclaration(undefined, undefined, value);
  const body = factory.createBlock([factory.createExpressionStatement(assignment)]);
  return factory.createSetAccessorDeclaration(undefined, name, [parameter], body);
};

const MEMBERS: Record<Kind, Member[]> = {
  constant: [(name) => factory.createShorthandPropertyAssignment(name)],
  import: [getter],
  variable: [getter, setter],
};

/** The names in `export { a, b }`. */
function exportedNames(statement: typescript.Statement): string[] {
  const clause = typescript.isExportDeclaration(statement) && statement.exportClause;
  if (!clause || !typescript.isNamedExports(clause)) return [];
  return clause.elements.map(({ name }) => name.text);
}

function nameOf({ name }: typescript.DeclarationStatement): string[] {
  return name && typescript.isIdentifier(name) ? [name.text] : [];
}

function textsOf(identifiers: typescript.Identifier[]): string[] {
  return identifiers.map(({ text }) => text);
}
