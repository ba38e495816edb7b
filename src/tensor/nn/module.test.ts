import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { ArgumentError, DisposedError } from '../errors';
import { memory, read, useAccelerator } from '../runtime';
import { Linear } from './linear';
import { countParameters, Module, modulesOf } from './module';

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

/** A linear layer doubled, with a parameter of its own; the layer stays the caller's. */
class Doubled extends Module {
  constructor(readonly base: Linear) {
    super();
    this.borrow('base', base);
    this.addParameter('factor', tf.scalar(2));
  }

  forward(x: tf.Tensor): tf.Tensor {
    this.assertAlive('Doubled.forward');
    return tf.tidy(() => this.base.forward(x).mul(2));
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

  test('computes with the replacement of a child, and frees both in the end', async () => {
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

  test('refuses an unknown name', () => {
    const replacement = new Linear({ inFeatures: 1, outFeatures: 1 });
    for (const name of ['second', 'h.1', 'h.0.other', 'firs']) {
      assert.throws(() => new Tree().replaceModule(name, replacement), ArgumentError);
    }
  });
});

describe('a borrowed module', () => {
  const linear = () => new Linear({ inFeatures: 3, outFeatures: 4, bias: false });

  test('is named like an owned one, with its parameters, unless only owned ones are asked for', () => {
    const doubled = new Doubled(linear());
    assert.deepEqual([...doubled.namedModules().keys()], ['base']);
    assert.deepEqual([...doubled.namedParameters().keys()], ['factor', 'base.weight']);
    assert.deepEqual([...doubled.namedModules({ borrowed: false }).keys()], []);
    assert.deepEqual([...doubled.namedParameters({ borrowed: false }).keys()], ['factor']);
    assert.equal(countParameters(doubled).total, 3 * 4 + 1);
  });

  test('stays alive when the borrower is freed, twice too', () => {
    const start = memory().tensors;
    const base = linear();
    const doubled = new Doubled(base);
    doubled.dispose();
    doubled.dispose();
    assert.ok(doubled.isDisposed && !base.isDisposed);
    assert.equal(memory().tensors, start + 1);
    base.dispose();
    assert.equal(memory().tensors, start);
  });

  test('must be alive for its borrower to work', () => {
    const doubled = new Doubled(linear());
    const x = tf.ones([1, 3]);
    doubled.forward(x).dispose();
    doubled.base.dispose();
    assert.throws(() => doubled.forward(x), DisposedError);
  });

  test('is freed with the tree in which the borrower took its place', () => {
    const start = memory().tensors;
    const tree = new Tree();
    const first = tree.namedModules().get('first') as Linear;
    tree.replaceModule('first', new Doubled(first));
    assert.deepEqual([...modulesOf(tree, Linear, { borrowed: false }).keys()], ['h.0.proj']);
    tree.dispose();
    assert.ok(first.isDisposed);
    assert.equal(memory().tensors, start);
  });

  test('is handed back, not freed, when its borrower gets another module in its place', () => {
    const start = memory().tensors;
    const [base, other] = [linear(), linear()];
    const doubled = new Doubled(base);
    doubled.replaceModule('base', other);
    doubled.dispose();
    assert.ok(other.isDisposed && !base.isDisposed);
    base.dispose();
    assert.equal(memory().tensors, start);
  });

  test('is freed by freeReplaced once nothing borrows it, and only in the tree that it was in', () => {
    const tree = new Tree();
    const first = tree.namedModules().get('first') as Linear;
    const [one, two] = [new Doubled(first), new Doubled(first)];
    tree.replaceModule('first', one);
    tree.replaceModule('first', linear());
    one.dispose();
    tree.freeReplaced(first);
    assert.ok(!first.isDisposed, 'two borrows it');
    two.dispose();
    new Tree().freeReplaced(first);
    assert.ok(!first.isDisposed, 'it is of another tree');
    tree.freeReplaced(first);
    assert.ok(first.isDisposed);
    tree.dispose();
  });
});
