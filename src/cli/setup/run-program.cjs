const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/** A part of the set-up could not be made: why, and what the user can do about it. */
class SetupError extends Error {
  /**
   * @param {string} cause
   * @param {string} next a whole sentence
   */
  constructor(cause, next) {
    super(cause);
    this.name = 'SetupError';
    this.next = next;
  }
}

/**
 * @typedef {object} RunOptions
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} [env] on top of this process's own
 * @property {string} next what to do should it fail
 * @property {boolean} [shell] let the system's shell find the program
 */

const LINES_OF_CAUSE = 6;
const LETTERS_OF_NAME = 60;

/**
 * Runs one program to its end, its output into the file `log`.
 *
 * @param {{ log: string, onStart: (pid: number) => void, onLine: (line: string) => void }} watch
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<void>} rejected with a SetupError that quotes the output's errors
 */
function runTool(watch, command, args, { cwd, env, next, shell = false }) {
  return new Promise((resolve, reject) => {
    fs.appendFileSync(watch.log, `$ ${[command, ...args].join(' ')}\n`);
    const name = [path.basename(command), ...args].join(' ').slice(0, LETTERS_OF_NAME);
    const start = fs.statSync(watch.log).size;
    const child = spawn(command, args, {
      cwd,
      shell,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (child.pid !== undefined) watch.onStart(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (/** @type {Buffer} */ data) => {
        fs.appendFileSync(watch.log, data);
        const line = linesOf(data.toString()).pop();
        if (line !== undefined) watch.onLine(line);
      });
    }
    /** @param {string} what */
    const fail = (what) => {
      const output = fs.readFileSync(watch.log).subarray(start).toString();
      reject(new SetupError([what, ...causeIn(output)].join('\n'), next));
    };
    child.on('error', (error) => fail(`${name} did not start: ${error.message}`));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else fail(`${name} ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}

/**
 * The first lines that speak of an error (compilers and npm tell the cause first), else the last.
 * @param {string} output
 */
function causeIn(output) {
  const lines = linesOf(output);
  const errors = lines.filter((line) => /error|connection broken/i.test(line));
  return errors.length > 0 ? errors.slice(0, LINES_OF_CAUSE) : lines.slice(-LINES_OF_CAUSE);
}

/** @param {string} text */
function linesOf(text) {
  return text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
}

module.exports = { SetupError, runTool };
