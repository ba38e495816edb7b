const fs = require('node:fs');
const path = require('node:path');
const { withLock } = require('./lock.cjs');
const { runTool, SetupError } = require('./run-program.cjs');

/**
 * What a step works with.
 * @typedef {object} Tools
 * @property {(command: string, args: string[], options: import('./run-program.cjs').RunOptions) => Promise<void>} run
 * @property {(text: string) => void} show what is going on just now
 */

/**
 * Something the set-up makes. It counts as made while the stamp in its folder holds the same
 * `needs` as now and its `files` are there. The stamp is removed before `make` and written after
 * it, so nothing that was interrupted half-way can pass for whole.
 *
 * @typedef {object} Artefact
 * @property {string} folder
 * @property {string[]} files inside the folder
 * @property {() => Record<string, string>} needs everything it is made from
 * @property {(tools: Tools) => Promise<void>} make from nothing or from any remains
 */

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {Artefact[]} parts made in this order
 * @property {string} [without] what happens if it fails; a step without this stops the set-up
 */

/**
 * @typedef {object} Run
 * @property {string} stateFolder folder for the lock, the logs and the notes of failed steps
 * @property {number} first number of the first of these steps
 * @property {number} total number of the last step of the whole set-up
 * @property {boolean} retry also try steps again that failed last time, nothing changed since
 */

const STAMP = '.stamp';

/**
 * Does what is still to do of these steps, a progress line for each.
 * Two set-ups at once wait for each other.
 *
 * @param {Step[]} steps
 * @param {Run} run
 * @throws SetupError naming the step, the cause, what to do next and the log
 */
async function runSteps(steps, run) {
  /** @param {number[]} pids */
  const onWait = (pids) => print(`Waiting for another set-up (process ${pids.join(', ')}) ...\n`);
  fs.mkdirSync(run.stateFolder, { recursive: true });
  await withLock(path.join(run.stateFolder, 'setup.lock'), onWait, async (hold) => {
    for (const [index, step] of steps.entries()) {
      await runStep(step, `[${run.first + index}/${run.total}] ${step.name}`, run, hold);
    }
  });
}

/**
 * @param {Step} step
 * @param {string} label
 * @param {Run} run
 * @param {(pid: number) => void} hold
 */
async function runStep(step, label, run, hold) {
  print(`${label} ... `);
  if (step.parts.every(isReady)) return print('ready\n');

  const failure = lastFailure(step, run.stateFolder);
  if (failure !== '' && !run.retry) {
    return print(`not here, \`npm run setup\` tries again\n${failure}`);
  }

  const log = path.join(run.stateFolder, `${slug(step.name)}.log`);
  const note = noteOf(step, run.stateFolder);
  const progress = showProgress(label);
  try {
    fs.rmSync(note, { force: true });
    fs.writeFileSync(log, '');
    for (const part of step.parts.filter((part) => !isReady(part))) {
      await makeArtefact(part, {
        run: (command, args, options) =>
          runTool({ log, onStart: hold, onLine: progress.show }, command, args, options),
        show: progress.show,
      });
    }
    progress.end(`${progress.seconds()} s\n`);
  } catch (error) {
    progress.end(`failed after ${progress.seconds()} s\n`);
    const { cause, next } = explain(error);
    if (step.without === undefined) {
      throw new SetupError(`Step ${label} failed: ${indent(cause)}\n  Log: ${log}`, next);
    }
    const warning = `  Warning: ${indent(cause)}\n  ${step.without} ${next}\n  Log: ${log}\n`;
    print(warning);
    fs.writeFileSync(note, step.parts.map(stampOf).join('') + warning);
  }
}

/**
 * Makes it, and only then writes its stamp.
 * @param {Artefact} artefact
 * @param {Tools} tools
 */
async function makeArtefact(artefact, tools) {
  const needs = stampOf(artefact); // as they were before: a later change must count as one
  const stamp = path.join(artefact.folder, STAMP);
  fs.rmSync(stamp, { force: true });
  await artefact.make(tools);
  fs.writeFileSync(`${stamp}.part`, needs);
  fs.renameSync(`${stamp}.part`, stamp);
}

/**
 * Whether it is there, whole, and made from what it would be made from now.
 * @param {Artefact} artefact
 * @returns {boolean}
 */
function isReady(artefact) {
  return (
    readText(path.join(artefact.folder, STAMP)) === stampOf(artefact) &&
    artefact.files.every((file) => fs.existsSync(path.join(artefact.folder, file)))
  );
}

/** @param {Artefact} artefact */
function stampOf(artefact) {
  return `${JSON.stringify(artefact.needs(), null, 1)}\n`;
}

/**
 * The warning with which the step failed last time, if nothing it needs has changed since.
 * @param {Step} step
 * @param {string} stateFolder
 * @returns {string} '' if there is none
 */
function lastFailure(step, stateFolder) {
  const needs = step.parts.map(stampOf).join('');
  const note = readText(noteOf(step, stateFolder));
  return note.startsWith(needs) ? note.slice(needs.length) : '';
}

/**
 * @param {Step} step
 * @param {string} stateFolder
 */
function noteOf(step, stateFolder) {
  return path.join(stateFolder, `${slug(step.name)}.failed`);
}

/** @param {unknown} error */
function explain(error) {
  if (error instanceof SetupError) return { cause: error.message, next: error.next };
  const cause = error instanceof Error ? error.message : String(error);
  return { cause, next: 'Mend this, then run the same command again.' };
}

/**
 * On a terminal the line tells the seconds and what the tool says; elsewhere it waits for the end.
 * @param {string} label
 */
function showProgress(label) {
  const started = Date.now();
  const live = process.stdout.isTTY;
  let news = '';
  const seconds = () => ((Date.now() - started) / 1000).toFixed(1);
  const draw = () => {
    const line = `${label} ... ${seconds()} s  ${news}`;
    print(`\r\x1b[K${line.slice(0, (process.stdout.columns || 80) - 1)}`);
  };
  const timer = live ? setInterval(draw, 500) : undefined;
  return {
    seconds,
    /** @param {string} text */
    show: (text) => {
      news = text.trim();
    },
    /** @param {string} text */
    end: (text) => {
      clearInterval(timer);
      print(live ? `\r\x1b[K${label} ... ${text}` : text);
    },
  };
}

/** @param {string} file */
function readText(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
}

/** @param {string} name */
function slug(name) {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

/** @param {string} text */
function indent(text) {
  return text.replace(/\n/g, '\n    ');
}

/** @param {string} text */
function print(text) {
  process.stdout.write(text);
}

module.exports = { isReady, lastFailure, runSteps };
