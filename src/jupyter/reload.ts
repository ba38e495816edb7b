import path from 'node:path';

const BUILT = path.join(__dirname, '..');

/**
 * Removes the loaded code of every wing from Node's cache. An import cell that runs afterwards
 * loads the newest build. Existing objects keep their old code: run the cells that create them
 * again.
 */
export function reload(): void {
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(BUILT + path.sep) && !file.startsWith(__dirname + path.sep)) {
      delete require.cache[file];
    }
  }
}
