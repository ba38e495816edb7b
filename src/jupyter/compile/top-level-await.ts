import * as typescript from '@tslab/typescript-for-tslab';

/**
 * Whether code awaits outside its functions, which makes a cell an asynchronous one. tslab goes by
 * the compiler's complaints, and there are none about an `await` before a bracket: the compiler
 * reads such a statement twice, and the second time as a module's, where `await` is allowed.
 */
export function awaitsAtTopLevel(file: typescript.SourceFile): boolean {
  const awaits = (node: typescript.Node): boolean => {
    if (typescript.isAwaitExpression(node)) return true;
    if (typescript.isForOfStatement(node) && node.awaitModifier) return true;
    if (!hasScope(node)) return typescript.forEachChild(node, awaits) ?? false;
    // A computed name is outside: `{ [await name()]() {} }`.
    return node.name !== undefined && awaits(node.name);
  };
  return awaits(file);
}

type Scope = typescript.FunctionLike | typescript.PropertyDeclaration;

/** Whether an `await` in the node's body belongs to it. */
function hasScope(node: typescript.Node): node is Scope {
  return typescript.isFunctionLike(node) || typescript.isPropertyDeclaration(node);
}

type Programs = Pick<
  typescript.WatchCompilerHostOfFilesAndCompilerOptions<typescript.BuilderProgram>,
  'createProgram'
>;

/**
 * Lets a file that was read twice forget its first reading. The compiler would look there for the
 * imports of the file, which only the second reading has, when it writes the name of a type that a
 * cell does not import.
 */
export function forgetFirstReadings(host: object): void {
  const programs = host as Programs;
  const create = programs.createProgram;
  programs.createProgram = (...args) => {
    const program = create(...args);
    for (const file of program.getSourceFiles() as readonly { original?: unknown }[]) {
      if (file.original !== undefined) file.original = undefined;
    }
    return program;
  };
}
