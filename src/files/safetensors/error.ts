import { TensorFileError } from '../local';

/** A safetensors file can't be read or written; names the file and the tensor. */
export class SafetensorsError extends TensorFileError {
  override readonly name = 'SafetensorsError';
}
