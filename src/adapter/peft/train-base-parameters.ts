import * as tf from '@tensorflow/tfjs';
import { ArgumentError } from '../../tensor/errors';
import type { Module } from '../../tensor/nn';
import { read } from '../../tensor/runtime';
import { type WholeConfig, type WholeParameter, wholeParameters } from './base-parameters';
import { allUpdates } from './model-layers';

/** What training changes of the base, and how to take that back. */
export interface BaseTraining {
  /** the parameters, by name */
  names: string[];
  /** Puts the values back that the base had, and freezes them. */
  restoreBase: () => void;
}

/**
 * Lets training change parameters of the base too, beside the updates: PEFT's `bias` and
 * `modules_to_save`. They are the base's own, not copies: `removeLora` alone does not take such
 * a training back, `restoreBase` does.
 * @param modulesToSave the ends of the names of modules without updates
 * @throws ArgumentError if the model has no updates or a module does not do
 */
export async function trainBaseParameters(
  model: Module,
  {
    bias = 'none',
    modulesToSave = null,
  }: { bias?: WholeConfig['bias']; modulesToSave?: string[] | null },
): Promise<BaseTraining> {
  const updated = new Set(allUpdates(model).keys());
  if (updated.size === 0) {
    throw new ArgumentError(
      'trainBaseParameters: model must have updates. Put some there: injectLora.',
    );
  }
  const config = { bias, modules_to_save: modulesToSave, fan_in_fan_out: false };
  const whole = wholeParameters(model, config, updated, (fault) => {
    throw new ArgumentError(`trainBaseParameters: ${fault}`);
  });
  return startWhole([...whole.values()]);
}

/** Unfreezes parameters. What they hold before is kept on the host. */
export async function startWhole(whole: readonly WholeParameter[]): Promise<BaseTraining> {
  const kept: (readonly [tf.Variable, Float32Array])[] = [];
  for (const { parameter } of whole) kept.push([parameter, await read(parameter)]);
  for (const [parameter] of kept) parameter.trainable = true;
  return {
    names: whole.map(({ name }) => name),
    restoreBase: () => {
      for (const [parameter, values] of kept) {
        assign(parameter, values);
        parameter.trainable = false;
      }
    },
  };
}

/** Puts values from the host into a parameter. */
export function assign(parameter: tf.Variable, values: Float32Array, isTurned = false): void {
  tf.tidy(() => {
    const { shape } = parameter;
    const tensor = tf.tensor(values, isTurned ? [...shape].reverse() : shape);
    parameter.assign(isTurned ? tensor.transpose() : tensor);
  });
}
