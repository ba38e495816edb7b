import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../../files/local';
import type { Artifact, StepContext } from '../run-steps.cjs';
import { compileAddon, nodeHeadersVersion, versionOf } from './compile-addon';
import { tensorflowLibrary } from './tensorflow-library';

const modules = path.join(projectRoot, 'node_modules');
const tfjsNode = path.join(modules, '@tensorflow', 'tfjs-node-gpu');
const folder = path.join(tfjsNode, 'lib');
const binding = path.join('napi-v8', 'tfjs_binding.node');

const needs = (): Record<string, string> => ({
  headers: nodeHeadersVersion(),
  tfjsNode: versionOf(tfjsNode),
  place: projectRoot, // holds the path of TensorFlow's library
});

/** The N-API addon of tfjs-node, unmodified, compiled against TensorFlow's C library. */
export const compiledAddon: Artifact = {
  folder,
  files: [binding],
  needs: () => ({ ...needs(), ...tensorflowLibrary.needs() }),
  make: async (context) => {
    await compile(context);
    await verify(context);
  },
};

/** The addon and library that tfjs-node's own installer downloads: TensorFlow 2.9. */
export const downloadedAddon: Artifact = {
  folder,
  files: [binding],
  needs,
  make: async (context) => {
    await context.run(process.execPath, ['scripts/install.js', 'gpu', 'download'], {
      cwd: tfjsNode,
      next: "Make sure that the package's own server can be reached.",
    });
    await verify(context);
  },
};

function compile(context: StepContext): Promise<void> {
  const sources = path.join(tfjsNode, 'binding');
  return compileAddon(
    path.join(folder, binding),
    {
      flags: ['-O2'],
      sources: readdirSync(sources)
        .filter((name) => name.endsWith('.cc'))
        .map((name) => path.join(sources, name)),
      libraries: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
    },
    context,
  );
}

/** Multiplies two matrices in a process of its own: a wrong library can crash its process. */
async function verify({ run }: StepContext): Promise<void> {
  const script = `
    require('node:util').isNullOrUndefined ??= (value) => value == null; // removed in Node 23
    const tf = require('@tensorflow/tfjs-node-gpu');
    const product = tf.matMul([[1, 2], [3, 4]], [[5, 6], [7, 8]]).dataSync().join();
    if (tf.getBackend() !== 'tensorflow' || product !== '19,22,43,50')
      throw new Error('2 x 2 product is ' + product + ' on ' + tf.getBackend());`;
  try {
    await run(process.execPath, ['-e', script], {
      cwd: projectRoot,
      next: 'See the log for the cause.',
    });
  } catch (error) {
    rmSync(path.join(folder, binding), { force: true }); // so that nobody loads it
    throw error;
  }
}
