import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../files/local';
import { compileAddon, nodeHeadersVersion, versionOf } from './compile-addon';
import type { Artefact, Tools } from './run-steps.cjs';
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

/** tfjs-node's own, unmodified N-API addon, compiled against TensorFlow's C library. */
export const compiledAddon: Artefact = {
  folder,
  files: [binding],
  needs: () => ({ ...needs(), ...tensorflowLibrary.needs() }),
  make: async (tools) => {
    await compile(tools);
    await verify(tools);
  },
};

/** The addon and the library that tfjs-node's own installer fetches: TensorFlow 2.9. */
export const downloadedAddon: Artefact = {
  folder,
  files: [binding],
  needs,
  make: async (tools) => {
    await tools.run(process.execPath, ['scripts/install.js', 'gpu', 'download'], {
      cwd: tfjsNode,
      next: "It is fetched from the package's own server: see that it can be reached.",
    });
    await verify(tools);
  },
};

function compile(tools: Tools): Promise<void> {
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
    tools,
  );
}

/** In a process of its own: a library that does not fit can end the process. */
async function verify({ run }: Tools): Promise<void> {
  const script = `
    require('node:util').isNullOrUndefined ??= (value) => value == null; // gone from Node 23
    const tf = require('@tensorflow/tfjs-node-gpu');
    const product = tf.matMul([[1, 2], [3, 4]], [[5, 6], [7, 8]]).dataSync().join();
    if (tf.getBackend() !== 'tensorflow' || product !== '19,22,43,50')
      throw new Error('2 x 2 product is ' + product + ' on ' + tf.getBackend());`;
  try {
    await run(process.execPath, ['-e', script], {
      cwd: projectRoot,
      next: 'See the log for what does not fit on this machine.',
    });
  } catch (error) {
    rmSync(path.join(folder, binding), { force: true }); // nobody is to load it
    throw error;
  }
}
