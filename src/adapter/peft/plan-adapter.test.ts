import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { FIXTURES } from '../../../tests/fixture';
import { checkConfig } from './config';
import { planAdapter } from './plan-adapter';

interface Matching {
  names: string[];
  cases: { settings: Record<string, unknown>; ranks: Record<string, number> }[];
}

const fail = (fault: string): never => {
  throw new Error(fault);
};

function plan(settings: Record<string, unknown>, names: string[]) {
  const json = { peft_type: 'LORA', r: 7, lora_alpha: 3, ...settings };
  return planAdapter(checkConfig('test', 'file', json), names, fail);
}

describe("PEFT's rules for names", () => {
  const file = path.join(FIXTURES, 'peft_matching.json');
  const { names, cases } = JSON.parse(readFileSync(file, 'utf8')) as Matching;

  test(`choose the layers and ranks that PEFT chooses, in ${cases.length} cases`, () => {
    let matched = 0;
    for (const { settings, ranks } of cases) {
      const got = [...plan(settings, names)].map(([name, { r }]) => [name, r] as const);
      assert.deepEqual(Object.fromEntries(got), ranks, JSON.stringify(settings));
      matched += got.length;
    }
    assert.ok(cases.length > 200 && matched > 500, `${cases.length} cases, ${matched} names`);
  });

  test('a numeric key has lost its place, so it must match alone', () => {
    const settings = { target_modules: ['0'], rank_pattern: { '.*': 3, '0': 2 } };
    assert.throws(() => plan(settings, ['x.0']), /rank_pattern must match each layer once/);
    assert.equal(plan({ ...settings, rank_pattern: { '0': 2 } }, ['x.0']).get('x.0')?.r, 2);
  });

  test('a pattern that takes for ever is stopped', () => {
    const slow = { target_modules: '((a+)+)+b' };
    assert.throws(() => plan(slow, ['a'.repeat(50)]), /must be a quick regular expression/);
    assert.deepEqual([...plan({ target_modules: 'a' }, ['a']).keys()], ['a']);
  });
});
