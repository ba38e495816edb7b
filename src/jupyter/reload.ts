import path from 'node:path';

const BUILT = path.join(__dirname, '..');

/**
 * Forgets the loaded code of every room, so that running an import cell again picks up what
 * `npm run dev` has built since. Objects made before keep their old code: run the cells that
 * make them again as well.
 */
export function reload(): void {
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(BUILT + path.sep) && !file.startsWith(__dirname + path.sep)) {
      delete require.cache[file];
    }
  }
}
