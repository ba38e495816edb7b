import { ArgumentError, assertFinite } from '../errors';
import { assertModule, Linear, type Module, modulesOf } from '../nn';
import { read } from '../runtime';
import { assertQuantizeOptions, type QuantizeOptions } from './quantize';
import { quantizeLinear } from './quantized-linear';

/** Report of the layers of a model that are in 4 bits. */
export interface QuantizationReport {
  /** names of the layers */
  layers: string[];
  /** number of entries in their weights */
  weights: number;
  /** bytes of their codes and scales; 8 · bytes / weights is bits per weight */
  bytes: number;
}

/**
 * Replaces every `Linear` of a model but its head with a frozen 4-bit layer, one after another, and
 * frees the original: at no time does memory hold more than the original tensors and one packed
 * layer. For a model without adapters.
 * @throws ArgumentError if an option is out of range or there is no Linear, NonFiniteError if a
 *   weight is NaN or infinite; the model is then unchanged
 */
export async function quantizeModel(
  model: Module,
  options: QuantizeOptions = {},
): Promise<QuantizationReport> {
  assertModule('quantizeModel', model);
  assertQuantizeOptions('quantizeModel', options);
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
  for (const head of model.headModules) linears.delete(head);
  if (linears.size === 0) {
    throw new ArgumentError(
      `quantizeModel: model must hold a Linear below it, got none. For a layer by itself there is quantizeLinear.`,
    );
  }
  return linears;
}
