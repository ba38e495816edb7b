// Every npm script starts here. It runs on a fresh clone, before anything is installed, so it uses
// Node alone; files that need a recent Node are required after checkNode().

const OLDEST = { major: 20, minor: 19 };

checkNode();
const fs = require('node:fs');
const path = require('node:path');
const { createHash } = require('node:crypto');
const { runSteps } = require('./setup/run-steps.cjs');
const { runNpm, SetupError } = require('./setup/run-program.cjs');
const { STEP } = require('./setup/set-up-steps.cjs');

const root = path.join(__dirname, '..', '..');
const modules = path.join(root, 'node_modules');
const dist = path.join(root, 'dist');
const commands = path.join(dist, 'src', 'cli', 'index.js');

/** @type {import('./setup/run-steps.cjs').Step} */
const packages = {
  name: STEP.packages,
  parts: [
    {
      folder: modules,
      files: ['typescript/bin/tsc'],
      needs: () => ({
        lock: hashFiles(['package.json', 'package-lock.json']),
        node: `${process.platform} ${process.arch} ${process.versions.node.split('.')[0]}`,
      }),
      make: installPackages,
    },
  ],
};

/** @type {import('./setup/run-steps.cjs').Step} */
const build = {
  name: STEP.build,
  parts: [
    {
      folder: dist,
      files: ['src/cli/index.js'],
      needs: () => ({
        sources: hashFiles([...sources('src'), ...sources('tests'), 'tsconfig.json']),
        packages: hashFiles(['package-lock.json']),
      }),
      make: buildAll,
    },
  ],
};

main(process.argv.slice(2)).catch((/** @type {unknown} */ error) => {
  const known = error instanceof SetupError;
  console.error(known ? `${error.message}\n  Next: ${error.next}` : error);
  process.exitCode = 1;
});

/** @param {string[]} argv */
async function main([command = 'start', ...args]) {
  if (command !== 'doctor') {
    const stateFolder = path.join(root, '.native');
    const names = Object.values(STEP);
    await runSteps([packages, build], { stateFolder, names, retry: false });
  } else if (!fs.existsSync(commands) || !fs.existsSync(modules)) {
    const missing = [modules, commands].filter((file) => !fs.existsSync(file));
    console.log(`Node ${process.versions.node}\nNot set up yet: ${missing.join(' and ')} missing.`);
    throw new SetupError('The lesson cannot run.', 'Run `npm start` or `npm run setup`.');
  }
  /** @type {typeof import('.')} */ // eslint-disable-next-line -- not built before this runs
  const door = require(commands);
  await door.main(command, args);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const isOldestMajor = major === OLDEST.major && Number(minor) >= OLDEST.minor;
  if (Number(major) > OLDEST.major || isOldestMajor) return;
  console.error(
    `Node must be ${OLDEST.major}.${OLDEST.minor} or newer, got ${process.versions.node}. ` +
      'Install a newer one (https://nodejs.org), then run the same command again.',
  );
  process.exit(1);
}

/** @param {import('./setup/run-steps.cjs').StepContext} context */
function installPackages({ run }) {
  // No install scripts: that of tfjs-node-gpu downloads TensorFlow 2.9.
  return runNpm(run, ['ci', '--ignore-scripts'], root);
}

/** @param {import('./setup/run-steps.cjs').StepContext} context */
async function buildAll({ run }) {
  const tsc = path.join(modules, 'typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-p', 'tsconfig.json'], {
    cwd: root,
    next: 'Correct these errors, then run the same command again.',
  });
  ['src', 'tests'].forEach(removeOrphans);
}

/**
 * Removes files built from sources that no longer exist: their tests would still run.
 * @param {string} folder
 */
function removeOrphans(folder) {
  const built = fs.readdirSync(path.join(dist, folder), { recursive: true, encoding: 'utf8' });
  for (const file of built.filter((name) => /\.c?[jt]s(\.map)?$/.test(name))) {
    const source = path.join(root, folder, file.replace(/(\.d)?\.c?[jt]s(\.map)?$/, ''));
    if (['.ts', '.cjs'].some((ending) => fs.existsSync(source + ending))) continue;
    fs.rmSync(path.join(dist, folder, file));
  }
}

/** @param {string} folder @returns {string[]} the source files below it, sorted */
function sources(folder) {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|cjs)$/.test(file))
    .map((file) => path.join(folder, file))
    .sort();
}

/** @param {string[]} files relative to the repository */
function hashFiles(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash
      .update(`${file}\0`)
      .update(fs.readFileSync(path.join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}
