import type * as tf from '@tensorflow/tfjs';
import { type TensorToWrite, writeSafetensors } from '../../files/safetensors';
import { ArgumentError, assertFinite } from '../../tensor/errors';
import { read, transpose } from '../../tensor/runtime';
import type { WeightLayout } from './weight-layout';

/**
 * Writes parameters, by their names in the model, whole or not at all: the inverse of
 * `readWeights`. F16 halves the file and rounds.
 * @throws ArgumentError if one is missing, NonFiniteError if one is not finite, SafetensorsError
 */
export async function writeWeights(
  file: string,
  { shapes, linear, transposed }: WeightLayout,
  parameters: ReadonlyMap<string, tf.Tensor>,
  dtype: 'F32' | 'F16' = 'F32',
): Promise<void> {
  const tensors = new Map<string, TensorToWrite>();
  for (const [name, shape] of shapes) {
    const parameter = parameters.get(name);
    if (!parameter) {
      throw new ArgumentError(
        `writeWeights: ${name} must be a parameter, but is not. Merge or remove adapters first.`,
      );
    }
    const values = await read(parameter);
    assertFinite('writeWeights', name, values);
    const isTransposed = transposed && linear.test(name);
    const stored = isTransposed ? transpose(values, parameter.shape as [number, number]) : values;
    tensors.set(name, { shape, values: stored, dtype });
  }
  await writeSafetensors(file, tensors, { format: 'pt' });
}
