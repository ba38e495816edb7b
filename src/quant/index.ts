import { registerQuantKernels } from './kernels/register';

export { HalfLinear, halfLinear } from './half-linear';
export { deriveNf4, LEVELS } from './levels';
export type { QuantizationType } from './levels';
export { memoryReport } from './memory-report';
export type { ModelMemory } from './memory-report';
export type { HostLinear } from './packed-linear';
export { dequantize, quantize } from './quantize';
export type { Quantized, QuantizedScales, QuantizeOptions } from './quantize';
export { quantizeModel } from './quantize-model';
export type { QuantizationReport } from './quantize-model';
export { QuantizedLinear, quantizedLinear, quantizeLinear } from './quantized-linear';
export type { QuantizedWeights } from './quantized-linear';

registerQuantKernels();
