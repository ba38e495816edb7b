const fs = require('node:fs');
const path = require('node:path');

const POLL_MS = 300;

/**
 * Runs `body` while this process alone holds the lock `file`; waits until the lock is free.
 * The file names the processes that work under the lock: the owner and the program that it runs.
 * It is stale once none of them is alive, so a killed owner frees it, but not before its orphaned
 * program has ended too.
 *
 * @template T
 * @param {string} file
 * @param {(holders: number[]) => void} onWait called once, if another process holds the lock
 * @param {(hold: (pid: number) => void) => Promise<T>} body `hold(pid)` names the running program
 * @returns {Promise<T>}
 */
async function withLock(file, onWait, body) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  for (let waits = 0; !take(file); waits++) {
    if (waits === 0) onWait(holders(file));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await body((pid) => fs.writeFileSync(file, `${process.pid} ${pid}`));
  } finally {
    fs.rmSync(file, { force: true });
  }
}

/** @param {string} file @returns {boolean} whether this process has the lock now */
function take(file) {
  if (fs.existsSync(file) && holders(file).length === 0) removeStale(file);
  try {
    fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a stale lock by renaming it first: of several processes only one succeeds. A late one
 * that renames a new owner's lock puts it back.
 * @param {string} file
 */
function removeStale(file) {
  const aside = `${file}.${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return;
  }
  if (holders(aside).length > 0) fs.renameSync(aside, file);
  else fs.rmSync(aside, { force: true });
}

/** @param {string} file @returns {number[]} the processes that it names and that are alive */
function holders(file) {
  let text = '';
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch {
    return []; // gone just now
  }
  return text.split(' ').map(Number).filter(isAlive);
}

/** @param {number} pid */
function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

module.exports = { withLock };
