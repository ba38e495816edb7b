const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/**
 * A step of the set-up failed: the cause, and what the user can do. It is no LoraError, because
 * bootstrap.cjs throws it before any TypeScript is built.
 */
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
 * @property {string} next what the user can do if the program fails
 * @property {boolean} [shell] whether the system's shell finds the program
 */

const LINES_OF_CAUSE = 6;
const LETTERS_OF_NAME = 60;

/**
 * Runs one program to its end and appends its output to the file `log`.
 *
 * @param {{ log: string, onStart: (pid: number) => void, onLine: (line: string) => void }} watch
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<void>} rejected with a SetupError that quotes the errors in the output
 */
function runProgram(watch, command, args, { cwd, env, next, shell = false }) {
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
 * Runs npm, which gives up soon where its registry cannot be reached.
 *
 * @param {import('./run-steps.cjs').StepContext['run']} run
 * @param {string[]} command such as `['ci']`
 * @param {string} cwd
 * @returns {Promise<void>}
 */
function runNpm(run, command, cwd) {
  const quick = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  const args = [...command, '--no-audit', '--no-fund', ...quick];
  const next = 'Make sure that the npm registry can be reached, then run the same command again.';
  const npm = process.env.npm_execpath; // set by npm; on Windows `npm` is a script, not a program
  return npm && /npm-cli\.c?js$/.test(npm)
    ? run(process.execPath, [npm, ...args], { cwd, next })
    : run('npm', args, { cwd, next, shell: process.platform === 'win32' });
}

/**
 * Finds the first lines with an error (compilers and npm print the cause first), else the last lines.
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

module.exports = { SetupError, runNpm, runProgram };
