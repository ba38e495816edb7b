import { LoraError } from '../../tensor/errors';

/** Faults that a message lists; a hostile file may have 100,000. */
const SHOWN = 20;

/** A file is missing, broken or unsupported, or does not fit the model; holds every fault. */
export class FileError extends LoraError {
  override readonly name = 'FileError';
  readonly file: string;
  readonly faults: readonly string[];

  constructor(caller: string, file: string, faults: readonly string[], cause?: unknown) {
    const hidden = faults.length - SHOWN;
    const shown = hidden > 0 ? [...faults.slice(0, SHOWN), `and ${hidden} more.`] : faults;
    const list = shown.length > 1 ? `\n  ${shown.join('\n  ')}` : ` ${shown.join()}`;
    super(`${caller}: ${file}:${list}`, { cause });
    this.file = file;
    this.faults = faults;
  }
}
