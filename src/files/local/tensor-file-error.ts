import { LoraError, quote } from '../../tensor/errors';

/** The file with the fault, and the tensor in it if the fault is in one. */
export interface FaultPlace {
  file: string;
  tensor?: string | undefined;
  cause?: unknown;
}

/** A file of tensors can't be read or written; names the file and the tensor. */
export class TensorFileError extends LoraError {
  readonly file: string;
  /** the tensor at fault, if it is one */
  readonly tensor: string | undefined;

  /** `fault` reads `<what> must be <expected>, got <given>. <What to do>.` */
  constructor(caller: string, fault: string, { file, tensor, cause }: FaultPlace) {
    const place = tensor === undefined ? file : `${file}: tensor ${quote(tensor)}`;
    super(`${caller}: ${place}: ${fault}`, { cause });
    this.file = file;
    this.tensor = tensor;
  }
}
