import { listFaults, LoraError } from '../../tensor/errors';

/** A file is missing, broken or unsupported, or does not fit the model; holds every fault. */
export class FileError extends LoraError {
  override readonly name = 'FileError';
  readonly file: string;
  readonly faults: readonly string[];

  constructor(caller: string, file: string, faults: readonly string[], cause?: unknown) {
    super(`${caller}: ${file}:${listFaults(faults)}`, { cause });
    this.file = file;
    this.faults = faults;
  }
}
