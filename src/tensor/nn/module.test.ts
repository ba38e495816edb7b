import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { ArgumentError } from '../errors';
import { memory, read, useAccelerator } from '../runtime';
import { Linear } from './linear';
import { countParameters, Module } from './module';

/** Two linear layers, the second below a child of its own. */
class Tree extends Module {
  constructor() {
    super();
    this.addChild('first', new Linear({ inFeatures: 3, outFeatures: 4, seed: 1 }));
    this.addChild('h.0', new Leaf());
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.child('h.0').forward(this.child('first').forward(x)));
  }
}

class Leaf extends Module {
  constructor() {
    super();
    this.addChild('proj', new Linear({ inFeatures: 4, outFeatures: 2, seed: 2 }));
  }

  forward(x: tf.Tensor): tf.Tensor {
    return this.child('proj').forward(x);
  }
}

before(useAccelerator);

describe('Module', () => {
  test('names its modules and parameters', () => {
    const tree = new Tree();
    assert.deepEqual([...tree.namedModules().keys()], ['first', 'h.0', 'h.0.proj']);
    assert.deepEqual(
      [...tree.namedParameters().keys()],
      ['first.weight', 'first.bias', 'h.0.proj.weight', 'h.0.proj.bias'],
    );
    assert.equal(countParameters(tree).total, 3 * 4 + 4 + 4 * 2 + 2);
  });

  test('computes with what replaces a child, and frees both in the end', async () => {
    const before = memory();
    const tree = new Tree();
    const x = tf.ones([1, 3]);
    const zeros = tf.zeros<tf.Rank.R2>([2, 4]);
    tree.replaceModule('h.0.proj', new Linear({ weight: zeros }));
    const y = tree.forward(x);
    assert.deepEqual(Array.from(await read(y)), [0, 0]);
    assert.equal(countParameters(tree).total, 3 * 4 + 4 + 4 * 2);
    tf.dispose([x, y, zeros]);
    tree.dispose();
    assert.equal(memory().tensors, before.tensors);
  });

  test('refuses a name that is not there', () => {
    const replacement = new Linear({ inFeatures: 1, outFeatures: 1 });
    for (const name of ['second', 'h.1', 'h.0.other', 'firs']) {
      assert.throws(() => new Tree().replaceModule(name, replacement), ArgumentError);
    }
  });
});
