import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeDeclarations } from './merge-declarations';

const BEFORE = `import { join, sep } from "node:path";
declare const a: number, b: string;
declare function f(x: number): void;
declare function f(x: string): void;
interface Old {}
`;
const AFTER = `import os, { EOL } from "node:os";
import type { Stats } from "node:fs";
declare let a: boolean, c: Old;
declare class f {}
declare enum E {}
declare namespace N {}
interface Old {}
type New = Old;
declare const b: string;
`;
const names = new Set(['os', 'EOL', 'a', 'c', 'f', 'E', 'N']);
const merged = (...reached: string[]) =>
  mergeDeclarations({ before: BEFORE, after: AFTER, names }, new Set(reached)).split('\n');

test('a cell that reached all its declarations leaves them as they are', () => {
  assert.deepEqual(merged(...names), AFTER.split('\n'));
});

test('what a cell did not reach is declared as before it, and types hold in any case', () => {
  assert.deepEqual(merged('EOL', 'c', 'N'), [
    'import { EOL } from "node:os";',
    'import type { Stats } from "node:fs";',
    'declare let c: Old;',
    'declare namespace N { }',
    'interface Old {',
    '}',
    'type New = Old;',
    'declare const b: string;',
    'declare const a: number;',
    'declare function f(x: number): void;',
    'declare function f(x: string): void;',
    '',
  ]);
  assert.equal(merged('os')[0], 'import os from "node:os";');
});
