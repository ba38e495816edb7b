import { ArgumentError, assertFinite } from '../errors';
import { Linear, type Module, modulesOf } from '../nn';
import { read } from '../runtime';
import type { QuantizeOptions } from './quantize';
import { quantizeLinear } from './quantized-linear';

/** What of a model is in 4 bits. */
export interface QuantizationReport {
  /** the layers' names */
  layers: string[];
  /** numbers in their weights */
  weights: number;
  /** what these take, in codes and scales; 8 · bytes / weights is bits a weight */
  bytes: number;
}

/**
 * Puts a frozen layer in 4 bits in the place of every `Linear` of a model and frees that, one
 * after another: at no time are there more tensors than at the start and one packed layer. For a
 * model without updates beside its layers.
 * @throws ArgumentError if an option is out of range or there is no Linear, NonFiniteError; the
 *   model is then as it was
 */
export async function quantizeModel(
  model: Module,
  options?: QuantizeOptions,
): Promise<QuantizationReport> {
  model.assertAlive('quantizeModel');
  const linears = linearLayers(model);
  for (const [name, { weight }] of linears) assertFinite('quantizeModel', name, await read(weight));
  const report: QuantizationReport = { layers: [], weights: 0, bytes: 0 };
  for (const [name, linear] of linears) {
    const layer = await quantizeLinear(linear, options);
    model.replaceModule(name, layer);
    linear.dispose();
    report.layers.push(name);
    report.weights += layer.outFeatures * layer.inFeatures;
    report.bytes += layer.weightBytes;
  }
  return report;
}

function linearLayers(model: Module): Map<string, Linear> {
  const linears = modulesOf(model, Linear);
  if (linears.size === 0) {
    throw new ArgumentError(
      `quantizeModel: model must hold a Linear below it, got none. For a layer by itself there is quantizeLinear.`,
    );
  }
  return linears;
}
