import path from 'node:path';
import { projectRoot } from '../../files/local';

/** Folder of the cells, next to the built wings, and folder of the notebook. */
export interface ImportFolders {
  cells: string;
  notebook: string;
}

const BUILT = path.join(projectRoot, 'dist');
/** Sources of the wings. A cell gets the built ones, or there would be two copies of each class. */
const SOURCES = path.join(projectRoot, 'src');

/** Whether a file lies beside a notebook: it belongs neither to a package nor to the project. */
export function isBeside(file: string): boolean {
  const parts = path.resolve(file).split(path.sep);
  return !parts.includes('node_modules') && !isWithin(BUILT, file) && !isWithin(SOURCES, file);
}

/**
 * Lists the files as which the imports of `file` are resolved, the first that finds something
 * counts. A cell looks next to the built wings (`../src/lora`), then next to its notebook
 * (`./helper`), with the packages of each. A file beside the notebook looks around itself, and
 * finds wings and packages as a cell does.
 */
export function importersOf(file: string, { cells, notebook }: ImportFolders): string[] {
  const name = path.basename(file);
  if (path.dirname(path.resolve(file)) === cells) return [file, path.join(notebook, name)];
  if (!isBeside(file)) return [file];
  const inProject = path.relative(projectRoot, file);
  const mirrored = isWithin(projectRoot, file) ? [path.join(BUILT, inProject)] : [];
  return [...mirrored, file, path.join(cells, name)];
}

/** Whether an import may resolve to a file. */
export function isImportable(file: string): boolean {
  return !isWithin(SOURCES, file);
}

function isWithin(folder: string, file: string): boolean {
  return path.resolve(file).startsWith(folder + path.sep);
}
