import fs from 'node:fs';
import Module from 'node:module';
import path from 'node:path';
import * as typescript from '@tslab/typescript-for-tslab';
import { showTensors } from '../display';
import { type CellTraces, traceThrough } from '../source';
import { type ImportFolders, importersOf, isBeside, isImportable } from './import-folders';
import { turnAtAwaits } from './rewrite/turn-at-awaits';

type Loader = (module: LoadedModule, file: string) => void;

interface LoadedModule extends NodeModule {
  _compile(code: string, file: string): void;
}

/** The parts of Node's loader that are extended. */
const loader = Module as unknown as {
  _resolveFilename(request: string, parent: NodeModule | undefined, ...rest: unknown[]): string;
  _nodeModulePaths(folder: string): string[];
  _extensions: Record<string, Loader | undefined>;
};

/** The file of tfjs that defines tensors. */
const TENSORS = /[\\/]@tensorflow[\\/]tfjs-core[\\/]dist[\\/]tf-core\.node\.js$/;

/** Lets cells import files beside their notebook: TypeScript, JavaScript, JSON and packages. */
export class BesideModules {
  /** Time of the last change of each loaded file, in milliseconds. */
  private readonly loaded = new Map<string, number>();

  /** @param traces gets the traces of compiled files, for their lines in stack traces */
  constructor(
    private readonly folders: ImportFolders,
    private readonly traces: CellTraces,
  ) {
    this.extendResolution();
    for (const extension of ['.ts', '.tsx', '.js', '.json']) this.extendLoading(extension);
  }

  /** Forgets the loaded files if one of them has changed, so that the next import loads them again. */
  refresh(): void {
    const changed = [...this.loaded].some(([file, time]) => changedAt(file) !== time);
    if (!changed) return;
    for (const file of this.loaded.keys()) delete require.cache[file];
    this.loaded.clear();
  }

  private extendResolution(): void {
    const resolve = loader._resolveFilename.bind(loader);
    loader._resolveFilename = (request, parent, ...rest): string => {
      const importers = parent?.filename ? importersOf(parent.filename, this.folders) : [];
      if (importers.length < 2) return resolve(request, parent, ...rest);
      for (const importer of importers) {
        for (const name of namesOf(request)) {
          try {
            const found = resolve(name, moduleAt(importer), ...rest);
            if (isImportable(found)) return found;
          } catch {
            // The next one may find it.
          }
        }
      }
      return resolve(request, moduleAt(importers[0] ?? ''), ...rest);
    };
  }

  private extendLoading(extension: string): void {
    const usual = loader._extensions[extension];
    loader._extensions[extension] = (module, file): void => {
      if (isBeside(file)) this.loaded.set(file, changedAt(file));
      if (usual && (extension === '.json' || !isBeside(file))) usual(module, file);
      else module._compile(this.compile(file), file);
      if (TENSORS.test(file)) showTensors(module.exports as Parameters<typeof showTensors>[0]);
    };
  }

  /** Compiles one file to CommonJS. Its types are checked with the cell that imports it. */
  private compile(file: string): string {
    const { outputText, sourceMapText, diagnostics } = typescript.transpileModule(
      fs.readFileSync(file, 'utf8'),
      {
        fileName: file,
        compilerOptions: OPTIONS,
        reportDiagnostics: true,
        transformers: { before: [turnAtAwaits] },
      },
    );
    const [mistake] = diagnostics ?? [];
    if (mistake) throw new SyntaxError(describe(file, mistake));
    if (sourceMapText !== undefined) this.traces.set(file, traceThrough(sourceMapText));
    return outputText;
  }
}

const OPTIONS: typescript.CompilerOptions = {
  module: typescript.ModuleKind.CommonJS,
  target: typescript.ScriptTarget.ES2022,
  jsx: typescript.JsxEmit.React,
  esModuleInterop: true,
  experimentalDecorators: true,
  allowJs: true,
  sourceMap: true,
};

function describe(file: string, { start = 0, ...mistake }: typescript.Diagnostic): string {
  const place = mistake.file?.getLineAndCharacterOfPosition(start) ?? { line: 0, character: 0 };
  const text = typescript.flattenDiagnosticMessageText(mistake.messageText, '\n');
  return `${path.basename(file)}:${place.line + 1}:${place.character + 1} - ${text}`;
}

/** Lists the file names that a relative import may mean, TypeScript's first, as for the types. */
function namesOf(request: string): string[] {
  if (!/^\.{1,2}\//.test(request)) return [request];
  const stem = request.replace(/\.js$/, '');
  return [`${stem}.ts`, `${stem}.tsx`, request];
}

/** Creates a module that is not loaded, to resolve imports as this file. */
function moduleAt(file: string): NodeModule {
  const module: NodeModule = new Module(file);
  module.filename = file;
  module.paths = loader._nodeModulePaths(path.dirname(file));
  return module;
}

function changedAt(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
