import { registerQuantKernels } from './ops/register';

export { HalfLinear, halfLinear } from './half-linear';
export { deriveNf4, LEVELS } from './levels';
export type { QuantizationType } from './levels';
export { memoryReport } from './memory-report';
export type { ModelMemory } from './memory-report';
export { quantizeModel } from './quantize-model';
export type { QuantizationReport } from './quantize-model';
export { dequantize, quantize } from './quantize';
export type { Quantized, QuantizedScales, QuantizeOptions } from './quantize';
export { QuantizedLinear, quantizedLinear, quantizeLinear } from './quantized-linear';
export type { QuantizedWeights } from './quantized-linear';

registerQuantKernels();
