import type { ResultRow } from '../../course/shipped';
import type { AcceleratorName } from '../../tensor/runtime';
import { benchDispatches } from './dispatches';
import { type Ground, measureMemory, measureTimes, onModel, type Starts } from './measure-rivals';
import { DECODER, FULL, SHORT } from './plan';
import { Rival } from './rivals/rival-process';
import { DISTILGPT2, SMOLLM2 } from './rivals/shapes';

/**
 * Compares this library with PyTorch and PEFT, and with tfjs ops, in distilgpt2's shape on every
 * accelerator of this machine: first times, in turn within one run, then memory.
 * @param onRow called with each row as it is measured
 * @throws SetupError if PEFT is not installed
 */
export function benchRivals(
  command: string,
  onRow: (row: ResultRow) => void,
): Promise<ResultRow[]> {
  return onModel(DISTILGPT2, { command, onRow }, async (ground) => {
    for (const backend of ['cpu-native', 'wasm', ...(await findGpus(ground.folder))] as const) {
      const starts = rivalsOn(backend, ground);
      await measureTimes(ground, backend, starts, backend === 'wasm' ? SHORT : FULL);
      if (backend === 'cpu-native') await measureMemory(ground, backend, starts);
    }
    const origin = { ...ground.origin, backend: 'webgpu' };
    for (const row of await benchDispatches(origin, ground.python)) ground.keep(row);
  });
}

/**
 * Compares this library with PyTorch and PEFT on the CPU, in the shape of SmolLM2-135M: times, then
 * memory.
 * @param onRow called with each row as it is measured
 * @param shape,comparisons smaller ones in tests
 * @throws SetupError if PEFT is not installed
 */
export function benchSmolLM2(
  command: string,
  onRow: (row: ResultRow) => void,
  { shape = SMOLLM2, comparisons = DECODER } = {},
): Promise<ResultRow[]> {
  return onModel(shape, { command, onRow }, async (ground) => {
    const starts = rivalsOn('cpu-native', ground).filter(([name]) => /peft|ours/.test(name));
    await measureTimes(ground, 'cpu-native', starts, comparisons);
    await measureMemory(ground, 'cpu-native', starts);
  });
}

/** PyTorch runs on the device of the accelerator; there is no comparison with it for WebAssembly. */
function rivalsOn(backend: AcceleratorName, { python, folder }: Ground): Starts {
  const inNode = (name: 'ours' | 'tfjs' | 'reference'): Starts[number] => [
    name,
    () => Rival.ofNode(name, folder, { LORA_BACKEND: backend }),
  ];
  if (backend === 'wasm') return [inNode('ours'), inNode('tfjs')];
  const device = backend === 'cpu-native' ? 'cpu' : 'cuda';
  const peft = () => Rival.ofPython(python, folder, device);
  return [['peft', peft], inNode('ours'), inNode('tfjs'), inNode('reference')];
}

/** Finds hardware GPUs: the accelerator chosen by default, and the one chosen without CUDA. */
async function findGpus(folder: string): Promise<AcceleratorName[]> {
  const found = new Set<string>();
  for (const env of [{}, { CUDA_VISIBLE_DEVICES: '-1' }]) {
    const rival = await Rival.ofNode('ours', folder, { LORA_BACKEND: '', ...env });
    found.add(rival.started.backend);
    await rival.stop();
  }
  return (['cuda', 'webgpu'] as const).filter((name) => found.has(name));
}
