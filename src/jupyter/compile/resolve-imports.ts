import path from 'node:path';
import * as typescript from '@tslab/typescript-for-tslab';
import { type ImportFolders, importersOf, isImportable } from './import-folders';
import { withQuotedNames } from './rewrite/quote-binding-names';

const ROOT = path.parse(__dirname).root;

/** Options with which files outside the folder of the cells are part of the program. */
export const IMPORT_OPTIONS: typescript.CompilerOptions = {
  rootDir: ROOT,
  allowImportingTsExtensions: true,
};

let folders: ImportFolders | undefined;

/** Sets where the compiler looks for the imports of cells. */
export function setImportFolders(found: ImportFolders): void {
  folders = found;
}

type Host = Pick<
  typescript.WatchCompilerHostOfFilesAndCompilerOptions<typescript.BuilderProgram>,
  'resolveModuleNameLiterals' | 'hasInvalidatedResolutions' | 'afterProgramCreate'
>;

/** Lets the compiler find the types of what cells import from beside their notebook. */
export function resolveImports(tslabHost: object): void {
  const host = tslabHost as Host & typescript.ModuleResolutionHost;
  const known = typescript.createModuleResolutionCache('/', (name) => name);
  host.resolveModuleNameLiterals = (literals, file, redirected, options) =>
    literals.map(({ text }) => {
      // What a package imports stays where it is. Other files may come and go.
      const cache = isPackaged(file) ? known : undefined;
      const resolve = (importer: string) =>
        typescript.resolveModuleName(text, toSlashes(importer), options, host, cache, redirected);
      const importers = folders ? importersOf(file, folders) : [file];
      const resolutions = importers.map(resolve);
      return (
        resolutions.find(
          ({ resolvedModule }) => resolvedModule && isImportable(resolvedModule.resolvedFileName),
        ) ?? { resolvedModule: undefined }
      );
    });
  host.hasInvalidatedResolutions = (file) => !isPackaged(file);
  emitCellsOnly(host);
}

/**
 * Hides all files but cells from tslab, which would emit what a cell depends on, and fails for a
 * file outside the folder of the cells. Node's loader compiles them (`BesideModules`).
 */
function emitCellsOnly(host: Host): void {
  let receive: Host['afterProgramCreate'];
  const cells = folders?.cells ?? '';
  const isCell = (file: string): boolean => path.dirname(path.resolve(file)) === cells;
  // Output files have their path from the root; tslab expects it from the folder of the cells.
  const prefix = `/${toSlashes(path.relative(ROOT, cells))}/`;
  Object.defineProperty(host, 'afterProgramCreate', {
    set(receiver: Host['afterProgramCreate']) {
      receive = receiver;
    },
    get: () => (program: typescript.BuilderProgram) => {
      const narrowed = Object.create(program) as typescript.BuilderProgram;
      narrowed.getAllDependencies = (file) => program.getAllDependencies(file).filter(isCell);
      narrowed.emit = (file, write, cancellation, onlyTypes, transformers) => {
        const renamed: typescript.WriteFileCallback = (name, ...output) =>
          write?.(name.replace(prefix, '/'), ...output);
        const quoting = withQuotedNames(transformers);
        return program.emit(file, renamed, cancellation, onlyTypes, quoting);
      };
      receive?.(narrowed);
    },
  });
}

function isPackaged(file: string): boolean {
  return file.includes('/node_modules/');
}

function toSlashes(file: string): string {
  return file.replaceAll('\\', '/');
}
