import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DefinitionLog } from '../source';
import { findDeclarations } from './declarations';

describe('findDeclarations', () => {
  const names = (code: string) => findDeclarations(code).map(({ name }) => name);

  test('finds the names at the top level of a cell and no inner names', () => {
    const code = `import fs, { join as glue } from 'node:path';
const a = 1, { b, c: [d] } = make();
async function f() { const inner = 1; }
class G { h() {} }
if (a) { var i = 2; }`;
    assert.deepEqual(names(code), ['glue', 'a', 'b', 'd', 'f', 'G']);
  });

  test('finds names in code that does not parse', () => {
    assert.deepEqual(names('function f(x) {\n  return x +;\n}'), ['f']);
    assert.deepEqual(names('const g = (x) => {'), ['g']);
  });

  test('returns the source of a declaration and the line where it begins', () => {
    const [found] = findDeclarations('// first\n\nfunction f() {\n  return 1;\n}\nf();');
    assert.deepEqual(found, { name: 'f', source: 'function f() {\n  return 1;\n}', line: 3 });
  });
});

describe('DefinitionLog', () => {
  const error = { ename: 'TypeScriptError', evalue: '1:1 - no', traceback: [] };
  const declared = (source: string) => [{ name: 'f', source, line: 1 }];

  test('keeps the earlier definition when a cell fails, and records the failure', () => {
    const values: Record<string, unknown> = {};
    const log = new DefinitionLog(values);
    log.begin('In[1]', declared('one'))(error);
    const failed = { cell: 'In[1]', message: '1:1 - no' };
    assert.deepEqual(log.of('f'), { value: undefined, failed });

    const end = log.begin('In[2]', declared('two'));
    values.f = 2;
    assert.equal(log.of('f').origin?.cell, 'In[2]', 'while the cell runs');
    end(undefined);
    log.begin('In[3]', declared('three'))(error);
    assert.deepEqual(log.of('f'), {
      value: 2,
      origin: { cell: 'In[2]', source: 'two', line: 1 },
      failed: { ...failed, cell: 'In[3]' },
    });
  });

  test('counts a definition when the cell throws after it', () => {
    const values: Record<string, unknown> = { f: 1 };
    const log = new DefinitionLog(values);
    const end = log.begin('In[1]', declared('one'));
    values.f = 2;
    end(error);
    assert.deepEqual(log.of('f'), { value: 2, origin: { cell: 'In[1]', source: 'one', line: 1 } });
  });
});
