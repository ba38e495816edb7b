import * as tf from '@tensorflow/tfjs';
import { ArgumentError, assertOptions, type OptionKeys } from '../../tensor/errors';
import { assertModule, type Module } from '../../tensor/nn';
import { read } from '../../tensor/runtime';
import {
  type BaseTrainingConfig,
  type BaseParameter,
  trainedBaseParameters,
} from './base-parameters';
import { adaptedLayers } from './model-layers';

/** The base parameters that are trained, and a way back. */
export interface BaseTraining {
  /** the parameters, by name */
  names: string[];
  /** Gives the parameters the values they had, and freezes them. */
  restoreBase: () => void;
}

/** Options of `trainBaseParameters`. */
interface BaseOptions {
  /** the biases to train; none unless given */
  bias?: BaseTrainingConfig['bias'];
  /** the ends of the names of modules without adapters */
  modulesToSave?: string[] | null;
}

const OPTIONS: OptionKeys<BaseOptions> = { bias: 'optional', modulesToSave: 'optional' };

/**
 * Unfreezes parameters of the base, to be trained with the adapter: PEFT's `bias` and
 * `modules_to_save`. They are the base's own parameters, not copies: `removeLora` leaves them
 * trained, `restoreBase` gives them back their values.
 * @throws ArgumentError if the model has no adapter or a module cannot be trained whole
 */
export async function trainBaseParameters(
  model: Module,
  options: BaseOptions,
): Promise<BaseTraining> {
  assertModule('trainBaseParameters', model);
  assertOptions('trainBaseParameters', options, OPTIONS);
  const { bias = 'none', modulesToSave = null } = options;
  const adapted = new Set(adaptedLayers(model).keys());
  if (adapted.size === 0) {
    throw new ArgumentError(
      'trainBaseParameters: model must have an adapter, got none. Put one on it: injectLora.',
    );
  }
  const config = { bias, modules_to_save: modulesToSave, fan_in_fan_out: false };
  const parameters = trainedBaseParameters(model, config, adapted, (fault) => {
    throw new ArgumentError(`trainBaseParameters: ${fault}`);
  });
  return startBaseTraining([...parameters.values()]);
}

/** Unfreezes parameters. Their values before are kept on the host. */
export async function startBaseTraining(
  parameters: readonly BaseParameter[],
): Promise<BaseTraining> {
  const kept: (readonly [tf.Variable, Float32Array])[] = [];
  for (const { parameter } of parameters) kept.push([parameter, await read(parameter)]);
  for (const [parameter] of kept) parameter.trainable = true;
  return {
    names: parameters.map(({ name }) => name),
    restoreBase: () => {
      for (const [parameter, values] of kept) {
        assign(parameter, values);
        parameter.trainable = false;
      }
    },
  };
}

/** Assigns values on the host to a parameter. */
export function assign(parameter: tf.Variable, values: Float32Array, isTransposed = false): void {
  tf.tidy(() => {
    const { shape } = parameter;
    const tensor = tf.tensor(values, isTransposed ? [...shape].reverse() : shape);
    parameter.assign(isTransposed ? tensor.transpose() : tensor);
  });
}
