import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { choosePython, findPython, type Python } from './find-python';

const python = (minor: number, hasVenv = true, major = 3): Python => ({
  command: [`python${major}.${minor}`],
  version: [major, minor],
  hasVenv,
});

describe('choosePython', () => {
  test('takes the first Python that is recent enough and has venv', () => {
    const chosen = choosePython([python(9), python(12, false), python(10), python(13)]);
    assert.deepEqual(chosen.version, [3, 10]);
    assert.deepEqual(choosePython([python(0, true, 4)]).version, [4, 0]);
  });

  test('says how to get the venv module if only that is missing', () => {
    assert.throws(() => choosePython([python(8), python(11, false)]), {
      name: 'SetupError',
      message: 'Python 3.11 has no venv module.',
      next: /apt install python3-venv/,
    });
  });

  test('lists the versions that it found if all are too old, or says that there is none', () => {
    assert.throws(() => choosePython([python(9), python(7, true, 2)]), {
      message: 'Python must be 3.10 or newer, found 3.9, 2.7.',
    });
    assert.throws(() => choosePython([]), { message: /found none/, next: /apt install python3/ });
  });

  test('reads version and venv of the Python of this machine', () => {
    const { version, hasVenv } = findPython();
    assert.ok(version[0] >= 3 && version[1] >= 10, `got ${version.join('.')}`);
    assert.equal(hasVenv, true);
  });
});
