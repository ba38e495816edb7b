/** The accelerator, reading and counting of tensors, modules, linear layers, a base in few bits. */
import * as tf from '@tensorflow/tfjs';

/** The one copy of tfjs that knows the accelerator. */
export { tf };
export {
  AcceleratorError,
  ArgumentError,
  DisposedError,
  LoraError,
  NonFiniteError,
  ShapeError,
} from './errors';
export {
  bytesOf,
  describeAccelerator,
  memory,
  peakBytes,
  Random,
  read,
  useAccelerator,
} from './runtime';
export type { Accelerator, AcceleratorName, Key, MemoryReport } from './runtime';
export { countParameters, Dropout, Embedding, Linear, LinearLayer, Module, modulesOf } from './nn';
export type {
  HostIntegers,
  HostLinear,
  IntegerType,
  LinearOptions,
  LinearWeights,
  MakeLinear,
  ParameterCount,
} from './nn';
export {
  dequantize,
  deriveNf4,
  HalfLinear,
  halfLinear,
  LEVELS,
  memoryReport,
  packedLinear,
  quantize,
  QuantizedLinear,
  quantizedLinear,
  quantizeLinear,
  quantizeModel,
} from './quant';
export type {
  ModelMemory,
  QuantizationReport,
  QuantizationType,
  Quantized,
  QuantizedScales,
  QuantizedWeights,
  QuantizeOptions,
} from './quant';
