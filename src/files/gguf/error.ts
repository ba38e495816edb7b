import { TensorFileError } from '../local';

/** A GGUF file can't be read; names the file and the tensor. */
export class GgufError extends TensorFileError {
  override readonly name = 'GgufError';
}
