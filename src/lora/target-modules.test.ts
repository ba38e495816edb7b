import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type * as tf from '@tensorflow/tfjs';
import { ArgumentError } from '../tensor/errors';
import { Linear, Module } from '../tensor/nn';
import { useAccelerator } from '../tensor/runtime';
import { injectLora } from './inject';
import { matchTargets } from './target-modules';

describe('matchTargets', () => {
  const names = ['h.0.c_attn', 'h.0.c_proj', 'h.1.c_attn', 'h.11.c_attn', 'c_attn', 'my_c_attn'];

  for (const [targets, want] of [
    [['c_attn'], ['h.0.c_attn', 'h.1.c_attn', 'h.11.c_attn', 'c_attn']],
    [['1.c_attn'], ['h.1.c_attn']],
    [
      ['h.0.c_proj', 'my_c_attn'],
      ['h.0.c_proj', 'my_c_attn'],
    ],
    ['c_attn', ['c_attn']],
    [String.raw`h\.\d\.c_\w+`, ['h.0.c_attn', 'h.0.c_proj', 'h.1.c_attn']],
    ['h.0.c_attn|my.*', ['h.0.c_attn', 'my_c_attn']],
    ['all-linear', names],
  ] as const) {
    test(`${JSON.stringify(targets)}`, () => {
      assert.deepEqual(matchTargets(names, targets as string[] | string), want);
    });
  }

  test('a target that matches nothing is an error with the candidates', () => {
    for (const targets of [['q_proj'], ['c_attn', 'q_proj'], 'attn', ['attn'], () => false]) {
      assert.throws(
        () => matchTargets(names, targets),
        (error: Error) =>
          error instanceof ArgumentError &&
          /There are 6, called c_attn, c_proj/.test(error.message),
      );
    }
  });
});

describe('a string that names no layer as a regular expression', () => {
  const names = ['h.0.attn.c_attn', 'h.0.mlp.c_fc', 'h.0.mlp.c_proj'];
  const adviceOn = (targets: string | string[], adapted: string[] = []) => {
    let message = '';
    assert.throws(
      () => matchTargets(names, targets, adapted),
      (error: Error) => ((message = error.message), error instanceof ArgumentError),
    );
    return / A string .*$/.exec(message)?.[0];
  };
  const rule = ' A string is a regular expression for the whole name, as in PEFT';

  test('gets the list that was meant', () => {
    assert.equal(adviceOn('c_fc'), `${rule}: write ['c_fc'].`);
    assert.equal(adviceOn('mlp.c_proj'), `${rule}: write ['mlp.c_proj'].`);
    assert.equal(adviceOn('c_attn|c_fc'), `${rule}: write ['c_attn', 'c_fc'].`);
    assert.equal(adviceOn('c_attn, c_proj'), `${rule}: write ['c_attn', 'c_proj'].`);
    assert.equal(adviceOn('down', ['h.0.down']), `${rule}: write ['down'].`);
  });

  test('gets an example of a list if it is like none', () => {
    const other = `${rule}; the end of a name is an entry of a list, such as ['c_attn'].`;
    for (const targets of ['q_proj', 'c_attn|q_proj', '']) {
      assert.equal(adviceOn(targets), other, targets);
    }
    assert.equal(adviceOn(['q_proj']), undefined);
  });
});

/** Three layers, of which the last is the head. */
class WithHead extends Module {
  constructor() {
    super();
    for (const name of ['h.0.k_proj', 'h.0.v_proj', 'head']) {
      this.addChild(name, new Linear({ inFeatures: 5, outFeatures: 4 }));
    }
  }

  override get headModules(): readonly string[] {
    return ['head'];
  }

  override get defaultTargets(): string[] {
    return ['v_proj'];
  }

  forward(x: tf.Tensor): tf.Tensor {
    return this.child('head').forward(x);
  }
}

describe('injectLora', () => {
  before(useAccelerator);

  test('takes the targets of the model where none are given', () => {
    assert.deepEqual(injectLora(new WithHead(), { r: 2, alpha: 6 }), ['h.0.v_proj']);
  });

  test('takes a read-only list, as a constant of a cell is', () => {
    const adapter = { targetModules: ['k_proj'], r: 2, alpha: 6 } as const;
    assert.deepEqual(injectLora(new WithHead(), adapter), ['h.0.k_proj']);
  });

  test('leaves the head alone with all-linear, and adapts it where it is named', () => {
    const model = new WithHead();
    const inject = (targetModules: string[] | string) =>
      injectLora(model, { targetModules, r: 2, alpha: 6 });
    assert.deepEqual(inject('all-linear'), ['h.0.k_proj', 'h.0.v_proj']);
    assert.throws(() => inject('all-linear'), /have an adapter already/);
    assert.deepEqual(inject(['head']), ['head']);
  });
});
