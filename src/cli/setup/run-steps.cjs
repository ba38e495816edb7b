const fs = require('node:fs');
const path = require('node:path');
const { withLock } = require('./lock.cjs');
const { runProgram, SetupError } = require('./run-program.cjs');

/**
 * Handed to a step while it is made.
 * @typedef {object} StepContext
 * @property {(command: string, args: string[], options: import('./run-program.cjs').RunOptions) => Promise<void>} run
 * @property {(text: string) => void} show prints what the step is doing at the moment
 */

/**
 * Something that the set-up makes. It counts as made while the stamp in its folder holds the
 * `needs` of today and its `files` exist. The stamp is removed before `make` and written after it,
 * so an interrupted `make` never counts as done.
 *
 * @typedef {object} Artifact
 * @property {string} folder
 * @property {string[]} files inside the folder
 * @property {() => Record<string, string>} needs everything that it is made from
 * @property {(context: StepContext) => Promise<void>} make makes it, whatever is left of an earlier try
 */

/**
 * @typedef {object} Step
 * @property {string} name one of `Run.names`
 * @property {Artifact[]} parts made in this order
 * @property {string} [without] what the user has without this step; if not given, a failure of the
 *   step ends the set-up
 */

/**
 * @typedef {object} Run
 * @property {string} stateFolder folder for the lock, the logs and the notes of failed steps
 * @property {string[]} [names] names of all steps of which these are some; they give the numbers
 * @property {boolean} retry also retry steps that failed last time though nothing changed since
 */

const STAMP = '.stamp';

/**
 * Does the steps that are not done yet, and prints a progress line for each.
 * Two set-ups at the same time wait for each other.
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
    const names = run.names ?? steps.map(({ name }) => name);
    for (const step of steps) {
      const number = names.indexOf(step.name) + 1;
      await runStep(step, `[${number}/${names.length}] ${step.name}`, run, hold);
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
    return print(`not installed; run \`npm run setup\` to retry\n${failure}`);
  }

  const log = path.join(run.stateFolder, `${slug(step.name)}.log`);
  const note = noteOf(step, run.stateFolder);
  const progress = showProgress(label);
  try {
    fs.rmSync(note, { force: true });
    fs.writeFileSync(log, '');
    for (const part of step.parts.filter((part) => !isReady(part))) {
      await makeArtifact(part, {
        run: (command, args, options) =>
          runProgram({ log, onStart: hold, onLine: progress.show }, command, args, options),
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
 * Makes an artifact, then writes its stamp.
 * @param {Artifact} artifact
 * @param {StepContext} context
 */
async function makeArtifact(artifact, context) {
  const needs = stampOf(artifact); // read first: a change while it is made must count as a change
  const stamp = path.join(artifact.folder, STAMP);
  assertNoLink(artifact.folder);
  fs.rmSync(stamp, { force: true });
  await artifact.make(context);
  fs.writeFileSync(`${stamp}.part`, needs);
  fs.renameSync(`${stamp}.part`, stamp);
}

/**
 * @param {string} folder
 * @throws SetupError if it is a link: what another checkout has installed would be replaced
 */
function assertNoLink(folder) {
  const isLink = fs.lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink();
  if (!isLink) return;
  throw new SetupError(
    `${folder} must be a folder of this checkout, but is a link to ${fs.readlinkSync(folder)}, where everything would be replaced.`,
    'Delete the link, then run the same command again.',
  );
}

/**
 * Whether an artifact is complete and made from today's needs.
 * @param {Artifact} artifact
 * @returns {boolean}
 */
function isReady(artifact) {
  return (
    readText(path.join(artifact.folder, STAMP)) === stampOf(artifact) &&
    artifact.files.every((file) => fs.existsSync(path.join(artifact.folder, file)))
  );
}

/** @param {Artifact} artifact */
function stampOf(artifact) {
  return `${JSON.stringify(artifact.needs(), null, 1)}\n`;
}

/**
 * Reads the warning of a step that failed last time, if its needs are the same today.
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
  return { cause, next: 'Correct this, then run the same command again.' };
}

/**
 * Shows the seconds and the program's last line on a terminal; elsewhere, only the final result.
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
