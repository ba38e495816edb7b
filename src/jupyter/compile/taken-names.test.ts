import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findTakenNames } from './taken-names';

const taken = (code: string) =>
  findTakenNames(code).map(({ start, messageText }) => {
    const [, name] = /'(.*?)'/.exec(messageText) ?? [];
    return `${start.line + 1}:${start.character + 1} ${name}`;
  });

describe('findTakenNames', () => {
  test('finds names that a compiled cell uses, however they are declared', () => {
    const cells = {
      'const exports = 3;': '1:7 exports',
      'let x = 1,\n  exports = 3;': '2:3 exports',
      'const { a, b: [exports] } = c;': '1:16 exports',
      'function exports() {}': '1:10 exports',
      'class require {}': '1:7 require',
      'const require = 1;': '1:7 require',
      "import require from 'node:fs';": '1:8 require',
      "import * as exports from 'node:fs';": '1:13 exports',
      "import { join as require } from 'node:path';": '1:18 require',
      'enum exports { A }': '1:6 exports',
      'var __proto__ = {};': '1:5 __proto__',
      'const __esModule = 1;': '1:7 __esModule',
      'let __tslab__ = 1;': '1:5 __tslab__',
      "import fs from 'node:fs';\nconst __importDefault = fs;": '2:7 __importDefault',
    };
    for (const [code, found] of Object.entries(cells)) assert.deepEqual(taken(code), [found], code);
  });

  test('allows them where they do no harm', () => {
    const cells = [
      'function f(exports: number) { const require = exports; return { __proto__: require }; }',
      '{ const exports = 3; }',
      'var require = 1;',
      'function require() {}',
      'const __importDefault = 1;',
      'type exports = number; interface require {}',
      "import type require from 'x';",
      'const module = 1, exported = 2, required = 3, toString = 4, constructor = 5;',
    ];
    for (const code of cells) assert.deepEqual(taken(code), [], code);
  });
});
