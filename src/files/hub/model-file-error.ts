import { LoraError } from '../../tensor/errors';

/** A model's files are missing, broken, or do not fit together; names the file and every fault. */
export class ModelFileError extends LoraError {
  override readonly name = 'ModelFileError';
  readonly file: string;
  readonly faults: readonly string[];

  constructor(caller: string, file: string, faults: readonly string[], cause?: unknown) {
    const list = faults.length > 1 ? `\n  ${faults.join('\n  ')}` : ` ${faults.join()}`;
    super(`${caller}: ${file}:${list}`, { cause });
    this.file = file;
    this.faults = faults;
  }
}
