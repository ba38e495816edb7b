import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LoraError } from '../tensor/errors';
import * as kernel from '.';

describe('jupyter/index.ts', () => {
  test('loads neither tslab nor zeromq', () => {
    const loaded = Object.keys(require.cache).filter((file) => file.includes('node_modules'));
    assert.deepEqual(loaded, []);
  });

  test('throws a KernelError, one of the LoraErrors, outside the kernel', () => {
    const outside = { name: 'KernelError', message: /^display: the caller must be a cell/ };
    assert.throws(() => kernel.display({ 'text/plain': 'x' }), outside);
    assert.throws(() => kernel.newDisplay().show({ 'text/plain': 'x' }), outside);
    assert.throws(() => kernel.clearOutput(), outside);
    assert.throws(() => kernel.definitionOf('x'), { name: 'KernelError' });
    assert.throws(() => kernel.describeError(1), LoraError);
  });

  test('creates the kernel.json that Jupyter expects', () => {
    const env = { LD_LIBRARY_PATH: '/opt/cuda' };
    assert.deepEqual(kernel.kernelSpec({ node: '/bin/node', launcher: '/p/launcher.js', env }), {
      argv: ['/bin/node', '/p/launcher.js', '{connection_file}'],
      display_name: 'TypeScript',
      language: 'typescript',
      env,
      interrupt_mode: 'signal',
      metadata: {},
    });
  });
});
